//! Columns as slices, for functions that want many rows at once.

const std = @import("std");
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const values = @import("values.zig");
const reader = @import("reader.zig");
const Call = @import("call.zig").Call;

/// The element of the slice that each field of `T` is.
pub fn elements(comptime T: type) []const type {
    comptime {
        const info = @typeInfo(T).@"struct";
        var all: [info.field_types.len]type = undefined;
        for (info.field_types, info.field_names, &all) |Type, name, *element| {
            element.* = switch (@typeInfo(Type)) {
                .pointer => |pointer| pointer.child,
                else => @compileError("`" ++ name ++ "` is no slice: write `[]const T`"),
            };
        }
        const done = all;
        return &done;
    }
}

/// The catalog's entries for the fields of `T`, each a slice.
pub fn fields(comptime T: type) []const abi.Field {
    return comptime values.list(@typeInfo(T).@"struct".field_names, elements(T));
}

/// The present rows of all columns: as they lie there where that can be, else copied.
pub fn gather(comptime T: type, call: *const Call, readers: *const reader.Readers(T)) T {
    var gathered: T = undefined;
    const present = call.present();
    inline for (@typeInfo(T).@"struct".field_names, comptime elements(T), 0..) |name, Type, place| {
        @field(gathered, name) = column(Type, call, readers[place], present);
    }
    return gathered;
}

fn column(comptime T: type, call: *const Call, from: reader.Reader, present: usize) []const T {
    if (comptime values.isArray(T)) {
        if (call.mask == null) return @as([*]const T, @ptrCast(from.values))[0..present];
    }
    const copied = memory.alloc(T, present);
    var next: usize = 0;
    for (0..call.arguments.rows) |row| {
        if (!call.isWanted(row)) continue;
        copied[next] = from.get(T, row);
        next += 1;
    }
    return copied;
}

/// Some rows of all columns.
pub fn part(comptime T: type, all: T, start: usize, end: usize) T {
    var some: T = undefined;
    inline for (@typeInfo(T).@"struct".field_names) |name| @field(some, name) = @field(all, name)[start..end];
    return some;
}
