//! A row of results: a struct with a field for each column, or a value in one.

const std = @import("std");
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const values = @import("values.zig");
const Builder = @import("builder.zig").Builder;

/// The columns of rows of `T`.
pub fn Columns(comptime T: type) type {
    const types = cellTypes(T);
    comptime var builders: [types.len]type = undefined;
    for (types, &builders) |Type, *builder| builder.* = Builder(Type);
    const Tuple = @Tuple(&builders);

    return struct {
        const Self = @This();

        builders: Tuple,

        pub fn init(room: usize) Self {
            var self: Self = undefined;
            inline for (&self.builders) |*builder| builder.* = .init(room);
            return self;
        }

        pub inline fn push(self: *Self, row: T) void {
            if (comptime values.isCell(T)) {
                self.builders[0].push(row);
            } else {
                inline for (@typeInfo(T).@"struct".field_names, &self.builders) |name, *builder| {
                    builder.push(@field(row, name));
                }
            }
        }

        pub fn pushNull(self: *Self) void {
            inline for (&self.builders) |*builder| builder.pushNull();
        }

        pub fn truncate(self: *Self, rows: u32) void {
            inline for (&self.builders) |*builder| builder.truncate(rows);
        }

        pub fn finish(self: *const Self) []abi.Column {
            const columns = memory.alloc(abi.Column, types.len);
            inline for (&self.builders, 0..) |*builder, place| columns[place] = builder.finish();
            return columns;
        }
    };
}

fn cellTypes(comptime T: type) []const type {
    if (values.isCell(T)) return &.{T};
    return switch (@typeInfo(T)) {
        .@"struct" => |info| info.field_types,
        else => @compileError("no columns can hold `" ++ @typeName(T) ++ "`"),
    };
}

/// The catalog's entries for rows of `T`; a value without a name of its own is called `name`.
pub fn fieldsOf(comptime T: type, comptime name: []const u8) []const abi.Field {
    return if (values.isCell(T)) &.{values.field(name, T)} else values.fields(T);
}
