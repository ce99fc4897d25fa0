//! The values of columns, and which type of Zig stands for which column.

const abi = @import("abi.zig");

/// Microseconds since 1970-01-01T00:00:00 UTC.
pub const Timestamp = extern struct {
    microseconds: i64,
};

/// Bytes that need not be text.
pub const Bytes = struct {
    data: []const u8,
};

/// Whether one column can hold a `T`.
pub fn isCell(comptime T: type) bool {
    return switch (NotNull(T)) {
        bool, i32, i64, f32, f64, Timestamp, []const u8, Bytes => true,
        else => false,
    };
}

/// `T` without its `?`.
pub fn NotNull(comptime T: type) type {
    return switch (@typeInfo(T)) {
        .optional => |optional| optional.child,
        else => T,
    };
}

/// Whether a column of `T` is an array of `T`.
pub fn isArray(comptime T: type) bool {
    return switch (T) {
        i32, i64, f32, f64, Timestamp => true,
        else => false,
    };
}

/// The catalog's entry for a column of `T`.
pub fn field(comptime name: []const u8, comptime T: type) abi.Field {
    if (comptime !isCell(T)) @compileError("no column can hold `" ++ @typeName(T) ++ "` of `" ++ name ++ "`");
    return .{
        .name = name,
        .type = switch (NotNull(T)) {
            bool => .boolean,
            i32 => .int32,
            i64 => .int64,
            f32 => .float32,
            f64 => .float64,
            Timestamp => .timestamp,
            []const u8 => .utf8,
            Bytes => .binary,
            else => unreachable,
        },
        .nullable = NotNull(T) != T,
    };
}

/// The catalog's entries for the fields of a struct.
pub fn fields(comptime T: type) []const abi.Field {
    const info = @typeInfo(T).@"struct";
    return comptime list(info.field_names, info.field_types);
}

/// The catalog's entries for columns of these names and types.
pub fn list(comptime names: []const [:0]const u8, comptime types: []const type) []const abi.Field {
    comptime {
        var all: [names.len]abi.Field = undefined;
        for (names, types, &all) |name, T, *entry| entry.* = field(name, T);
        const done = all;
        return &done;
    }
}
