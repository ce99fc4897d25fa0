//! Where the rows go of functions that make any number of them.

const std = @import("std");
const builtin = @import("builtin");
const memory = @import("memory.zig");
const Columns = @import("row.zig").Columns;

/// Takes rows of `T`: a struct with a field for each result, or a value. Texts and bytes are copied.
pub fn Sink(comptime T: type) type {
    return if (builtin.cpu.arch.isWasm()) struct {
        const Self = @This();
        pub const Row = T;

        columns: Columns(T),
        parents: std.ArrayList(u32),
        /// The row that results are of.
        parent: u32 = 0,

        pub fn init(room: usize) Self {
            return .{
                .columns = .init(room),
                .parents = std.ArrayList(u32).initCapacity(memory.allocator, room) catch memory.outOfMemory(),
            };
        }

        pub inline fn emit(self: *Self, row: T) void {
            self.columns.push(row);
            self.parents.append(memory.allocator, self.parent) catch memory.outOfMemory();
        }

        /// Forgets all rows from `rows` on.
        pub fn truncate(self: *Self, rows: usize) void {
            if (self.parents.items.len == rows) return;
            self.parents.items.len = rows;
            self.columns.truncate(@intCast(rows));
        }
    } else struct {
        const Self = @This();
        pub const Row = T;

        /// For tests: what was made.
        rows: std.ArrayList(T) = .empty,

        pub fn emit(self: *Self, row: T) void {
            self.rows.append(memory.allocator, row) catch memory.outOfMemory();
        }
    };
}
