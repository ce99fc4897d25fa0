//! A call of a function: what it is given and what it makes.

const std = @import("std");
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const errors = @import("errors.zig");

/// A call that has failed as a whole says why in `message`.
pub const Failed = error{CallFailed};

pub const Call = struct {
    arguments: abi.Batch = .{ .rows = 0, .columns = .{} },
    /// The states that the call touches.
    states: abi.Batch = .{ .rows = 0, .columns = .{} },
    /// The group, or the key, of each row.
    groups: []const u32 = &.{},
    group_count: u32 = 0,

    /// A bit for each row that has the values it needs; null: all have.
    mask: ?[*]const u8 = null,
    message: []const u8 = "",

    columns: []abi.Column = &.{},
    parents: []const u32 = &.{},
    refused: std.ArrayList(abi.RowError) = .empty,

    pub fn fail(call: *Call, comptime format: []const u8, arguments: anytype) Failed {
        call.message = std.fmt.allocPrint(memory.allocator, format, arguments) catch memory.outOfMemory();
        return error.CallFailed;
    }

    pub fn refuse(call: *Call, row: u32, failure: anyerror) void {
        const reason = errors.reasonOf(failure);
        call.refused.append(memory.allocator, .{ .row = row, .message = .of(reason) }) catch memory.outOfMemory();
    }

    pub fn isWanted(call: *const Call, row: usize) bool {
        const mask = call.mask orelse return true;
        return bit(mask, row);
    }

    /// How many rows have the values they need.
    pub fn present(call: *const Call) usize {
        const mask = call.mask orelse return call.arguments.rows;
        var count: usize = 0;
        for (0..call.arguments.rows) |row| count += @intFromBool(bit(mask, row));
        return count;
    }

    /// Checks that each row belongs to one of `count` groups.
    pub fn setGroups(call: *Call, groups: abi.List, rows: u32, count: u32) Failed!void {
        call.groups = groups.items(u32);
        call.group_count = count;
        var most: u32 = 0;
        for (call.groups) |group| most = @max(most, group);
        if (call.groups.len != rows or (rows > 0 and most >= count)) {
            return call.fail("a group for each row is not what was sent", .{});
        }
    }
};

pub fn bit(bits: [*]const u8, row: usize) bool {
    return bits[row / 8] >> @intCast(row % 8) & 1 == 1;
}
