//! Columns while they are being filled, row by row at the end.

const std = @import("std");
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const values = @import("values.zig");

/// A column of `T`.
pub fn Builder(comptime T: type) type {
    const Value = values.NotNull(T);
    const is_bytes = Value == []const u8 or Value == values.Bytes;
    const Element = if (Value == bool) u8 else if (is_bytes) u32 else Value;

    return struct {
        const Self = @This();

        /// Numbers, bits, or the end of each value in `data` after a zero.
        elements: std.ArrayListAligned(Element, .@"16"),
        data: std.ArrayList(u8) = .empty,
        /// Whether each row is there; empty: none is null so far.
        validity: std.ArrayList(u8) = .empty,
        rows: u32 = 0,

        pub fn init(room: usize) Self {
            const count = if (Value == bool) room / 8 + 1 else room + 1;
            var elements = std.ArrayListAligned(Element, .@"16").initCapacity(memory.allocator, count) catch
                memory.outOfMemory();
            if (is_bytes) elements.appendAssumeCapacity(0);
            return .{ .elements = elements };
        }

        pub inline fn push(self: *Self, value: T) void {
            if (Value != T) {
                if (value) |present| self.add(present) else self.pushNull();
            } else {
                self.add(value);
            }
        }

        inline fn add(self: *Self, value: Value) void {
            if (Value == bool) {
                self.addBit(&self.elements, value);
            } else if (is_bytes) {
                const bytes = if (Value == values.Bytes) value.data else value;
                self.data.appendSlice(memory.allocator, bytes) catch memory.outOfMemory();
                self.append(@intCast(self.data.items.len));
            } else {
                self.append(value);
            }
            if (self.validity.items.len > 0) self.addBit(&self.validity, true);
            self.rows += 1;
        }

        pub fn pushNull(self: *Self) void {
            // Until now all rows were there.
            if (self.validity.items.len == 0) {
                self.validity.appendNTimes(memory.allocator, 0xff, self.rows / 8 + 1) catch memory.outOfMemory();
            }
            const row = self.rows;
            self.add(if (is_bytes) (if (Value == values.Bytes) .{ .data = "" } else "") else std.mem.zeroes(Value));
            self.validity.items[row / 8] &= ~(@as(u8, 1) << @intCast(row % 8));
        }

        inline fn append(self: *Self, element: Element) void {
            self.elements.append(memory.allocator, element) catch memory.outOfMemory();
        }

        fn addBit(self: *Self, bits: anytype, value: bool) void {
            const place: u3 = @intCast(self.rows % 8);
            if (self.rows / 8 == bits.items.len) bits.append(memory.allocator, 0) catch memory.outOfMemory();
            const byte = &bits.items[self.rows / 8];
            // What stands in the bits behind is of rows that were truncated.
            byte.* = (byte.* & ~(@as(u8, 0xff) << place)) | @as(u8, @intFromBool(value)) << place;
        }

        /// Adds booleans to an empty column.
        pub fn pushBits(self: *Self, from: []const bool) void {
            const V = @Vector(16, u1);
            var row: usize = 0;
            while (row + 16 <= from.len) : (row += 16) {
                const set: @Vector(16, bool) = from[row..][0..16].*;
                const packed_bits: u16 = @bitCast(@as(V, @intFromBool(set)));
                self.elements.appendSlice(memory.allocator, &std.mem.toBytes(packed_bits)) catch memory.outOfMemory();
            }
            self.rows = @intCast(row);
            for (from[row..]) |value| self.add(value);
        }

        /// All `count` elements of a column of numbers, for who sets them himself.
        pub fn all(self: *Self, count: usize) []Element {
            self.elements.resize(memory.allocator, count) catch memory.outOfMemory();
            self.rows = @intCast(count);
            return self.elements.items;
        }

        /// Forgets all rows from `rows` on.
        pub fn truncate(self: *Self, rows: u32) void {
            self.rows = rows;
            const bytes = (rows + 7) / 8;
            self.elements.items.len = if (Value == bool) bytes else if (is_bytes) rows + 1 else rows;
            if (is_bytes) self.data.items.len = self.elements.items[rows];
            // Without a row there is nothing to be null.
            self.validity.items.len = @min(self.validity.items.len, bytes);
        }

        pub fn finish(self: *const Self) abi.Column {
            const bytes = (self.rows + 7) / 8;
            return .{
                .type = comptime values.field("", T).type,
                .values = .of(self.elements.items),
                .data = .of(self.data.items),
                .has_validity = self.validity.items.len > 0,
                .validity = .of(self.validity.items[0..@min(bytes, self.validity.items.len)]),
            };
        }
    };
}
