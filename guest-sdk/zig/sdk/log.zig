//! Lines for the log of the host. The host limits lines and bytes: a line for each row is too much for it.

const std = @import("std");
const builtin = @import("builtin");

const Level = enum(u32) { debug, info, warn, @"error" };

pub fn debug(line: []const u8) void {
    write(.debug, line);
}

pub fn info(line: []const u8) void {
    write(.info, line);
}

pub fn warn(line: []const u8) void {
    write(.warn, line);
}

pub fn err(line: []const u8) void {
    write(.@"error", line);
}

const host = struct {
    extern "tidemill:udf/log@0.1.0" fn write(level: u32, line: [*]const u8, size: usize) void;
};

fn write(level: Level, line: []const u8) void {
    if (builtin.cpu.arch.isWasm()) {
        host.write(@backingInt(level), line.ptr, line.len);
    } else {
        std.debug.print("{s}: {s}\n", .{ @tagName(level), line });
    }
}
