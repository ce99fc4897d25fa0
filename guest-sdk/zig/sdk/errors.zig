//! Why rows are refused.

const std = @import("std");
const memory = @import("memory.zig");

/// What `refuse` was last given.
var reason: []const u8 = "refused";

/// Refuses the row for a reason that is put together.
pub fn refuse(comptime format: []const u8, arguments: anytype) error{Refused} {
    reason = std.fmt.allocPrint(memory.allocator, format, arguments) catch memory.outOfMemory();
    return error.Refused;
}

/// The reason of an error: what `refuse` was given, or the words of its name.
pub fn reasonOf(failure: anyerror) []const u8 {
    if (failure == error.Refused) return reason;
    const name = @errorName(failure);
    const words = memory.alloc(u8, name.len * 2);
    var size: usize = 0;
    for (name, 0..) |character, place| {
        const is_start = std.ascii.isUpper(character);
        if (is_start and place > 0 and name[place - 1] != ' ') {
            words[size] = ' ';
            size += 1;
        }
        words[size] = std.ascii.toLower(character);
        size += 1;
    }
    return words[0..size];
}

/// Whether a function that returns `T` can fail.
pub fn canFail(comptime T: type) bool {
    return @typeInfo(T) == .error_union;
}

/// `T` without its errors.
pub fn Unwrapped(comptime T: type) type {
    return switch (@typeInfo(T)) {
        .error_union => |result| result.payload,
        else => T,
    };
}

test "an error is told by the words of its name" {
    try std.testing.expectEqualStrings("division by zero", reasonOf(error.DivisionByZero));
    try std.testing.expectEqualStrings("no words", reasonOf(error.@"no words"));
    try std.testing.expectEqualStrings("no word 3", reasonOf(refuse("no word {d}", .{3})));
}
