//! Reading the columns of a call. A column is checked once, when it is opened.

const std = @import("std");
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const values = @import("values.zig");
const call_file = @import("call.zig");
const Call = call_file.Call;
const Failed = call_file.Failed;
const bit = call_file.bit;

/// A column that has the type and the length it should have.
pub const Reader = struct {
    /// Numbers, bits, or offsets into `data`.
    values: [*]align(8) const u8,
    data: [*]const u8,
    /// Null: there are no nulls.
    validity: ?[*]const u8,

    pub inline fn get(reader: Reader, comptime T: type, row: usize) T {
        if (values.NotNull(T) != T) {
            if (reader.validity) |bits| if (!bit(bits, row)) return null;
            return reader.get(values.NotNull(T), row);
        }
        switch (T) {
            bool => return bit(reader.values, row),
            []const u8 => {
                const offsets: [*]const u32 = @ptrCast(reader.values);
                return reader.data[offsets[row]..offsets[row + 1]];
            },
            values.Bytes => return .{ .data = reader.get([]const u8, row) },
            else => return @as([*]const T, @ptrCast(reader.values))[row],
        }
    }
};

/// The readers of the fields of `T`.
pub fn Readers(comptime T: type) type {
    return [@typeInfo(T).@"struct".field_names.len]Reader;
}

/// The fields of `T` in a row.
pub inline fn getRow(comptime T: type, readers: *const Readers(T), row: usize) T {
    const info = @typeInfo(T).@"struct";
    var got: T = undefined;
    inline for (info.field_names, info.field_types, 0..) |name, Type, place| {
        @field(got, name) = readers[place].get(Type, row);
    }
    return got;
}

/// Opens the arguments, and takes the rows out of the mask that have a null where there must be none.
pub fn openArguments(call: *Call, fields: []const abi.Field, readers: []Reader) Failed!void {
    for (fields, readers, 0..) |field, *reader, place| {
        reader.* = try open(call, call.arguments, field, place);
        const bits = reader.validity orelse continue;
        const rows = call.arguments.rows;
        if (field.nullable or areAllSet(bits, rows)) continue;
        const mask = call.mask orelse {
            call.mask = bits;
            continue;
        };
        const both = memory.alloc(u8, bytes(rows));
        for (both, 0..) |*byte, index| byte.* = mask[index] & bits[index];
        call.mask = both.ptr;
    }
}

/// Opens columns of states, in which a null where there must be none is an error.
pub fn openStates(call: *Call, batch: abi.Batch, fields: []const abi.Field, readers: []Reader) Failed!void {
    if (batch.columns.size != fields.len) {
        return call.fail("{d} columns of state where there are {d}", .{ batch.columns.size, fields.len });
    }
    for (fields, readers, 0..) |field, *reader, place| {
        reader.* = try open(call, batch, field, place);
        const bits = reader.validity orelse continue;
        if (!field.nullable and !areAllSet(bits, batch.rows)) {
            return call.fail("state `{s}`: a null where there can be none", .{field.name});
        }
    }
}

fn open(call: *Call, batch: abi.Batch, field: abi.Field, place: usize) Failed!Reader {
    const columns = batch.columns.items(abi.Column);
    if (place >= columns.len) return call.fail("`{s}`: there is no such column", .{field.name});
    const column = columns[place];
    const rows = batch.rows;
    if (column.type != field.type) {
        return call.fail("`{s}`: expected {s}, got {s}", .{ field.name, @tagName(field.type), @tagName(column.type) });
    }
    const needed = switch (field.type) {
        .boolean => bytes(rows),
        .utf8, .binary => rows + 1,
        else => rows,
    };
    if (column.values.size < needed or (column.has_validity and column.validity.size < bytes(rows))) {
        return call.fail("`{s}`: fewer values than rows", .{field.name});
    }
    if (field.type == .utf8 or field.type == .binary) {
        const offsets = column.values.items(u32);
        var rises = offsets[0] == 0 and offsets[rows] <= column.data.size;
        for (0..rows) |row| rises = rises and offsets[row] <= offsets[row + 1];
        if (!rises) return call.fail("`{s}`: offsets that lead nowhere", .{field.name});
    }
    return .{
        .values = @alignCast(start(column.values)),
        .data = start(column.data),
        .validity = if (column.has_validity) start(column.validity) else null,
    };
}

/// Where a list begins; somewhere if it is empty.
fn start(list: abi.List) [*]const u8 {
    const nothing: []align(8) const u8 = &.{};
    return if (list.size == 0) nothing.ptr else @ptrFromInt(list.data);
}

fn bytes(rows: usize) usize {
    return (rows + 7) / 8;
}

fn areAllSet(bits: [*]const u8, rows: usize) bool {
    for (bits[0 .. rows / 8]) |byte| if (byte != 0xff) return false;
    for (rows / 8 * 8..rows) |row| if (!bit(bits, row)) return false;
    return true;
}
