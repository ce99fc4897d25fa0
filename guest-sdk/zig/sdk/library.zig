//! A library: its functions and its configuration.

const function = @import("function.zig");
const config_file = @import("config.zig");

/// What the host calls: `.functions` by their names, and `.config`, a pointer to a variable, if there is one.
pub fn library(comptime parts: anytype) type {
    const Parts = @TypeOf(parts);
    const names = @typeInfo(@TypeOf(parts.functions)).@"struct".field_names;

    return struct {
        pub const functions: [names.len]function.Function = blk: {
            var all: [names.len]function.Function = undefined;
            for (names, &all) |name, *entry| entry.* = @field(parts.functions, name).describe(name);
            break :blk all;
        };

        pub fn configure(call: *function.Call, json: []const u8) function.Failed!void {
            var nothing: struct {} = .{};
            const target = if (@hasField(Parts, "config")) parts.config else &nothing;
            return config_file.read(call, target, json);
        }
    };
}
