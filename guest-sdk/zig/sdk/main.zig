//! What is compiled: the exports of a library, whose own file is the module `library`.

const std = @import("std");
const tidemill = @import("tidemill");

pub const panic = std.debug.FullPanic(tidemill.panicked);

comptime {
    tidemill.exportLibrary(@import("library").library);
}
