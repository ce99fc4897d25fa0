//! The records of the guest contract as the canonical ABI lays them out in memory.

/// `enum data-type`, and the tags of `variant buffer`: they are in one order.
pub const Type = enum(u8) { boolean, int32, int64, float32, float64, timestamp, utf8, binary };

/// `enum kind`.
pub const Kind = enum(u8) { scalar, table, aggregate, holistic, process };

/// `list<T>` and `string`.
pub const List = extern struct {
    data: usize = 0,
    size: usize = 0,

    pub fn of(values: anytype) List {
        // An empty slice may point anywhere, which the host does not like.
        return if (values.len == 0) .{} else .{ .data = @intFromPtr(values.ptr), .size = values.len };
    }

    pub fn items(list: List, comptime T: type) []const T {
        return if (list.size == 0) &.{} else @as([*]const T, @ptrFromInt(list.data))[0..list.size];
    }
};

/// `record field`, as functions are described with it.
pub const Field = struct {
    name: []const u8,
    type: Type,
    nullable: bool,
};

/// `record field` as the host has it.
pub const HostField = extern struct {
    name: List,
    type: u8,
    nullable: u8,
};

/// `record column`: `values` are the offsets of a buffer of variable length.
pub const Column = extern struct {
    type: Type,
    values: List = .{},
    data: List = .{},
    has_validity: bool = false,
    validity: List = .{},
};

/// `record batch`.
pub const Batch = extern struct {
    rows: u32,
    columns: List,
};

/// `record row-error`.
pub const RowError = extern struct {
    row: u32,
    message: List,
};

/// `record function`.
pub const Description = extern struct {
    name: List,
    kind: Kind,
    doc: List,
    parameters: List,
    results: List,
    state: List,
    state_version: u32,
};

comptime {
    if (@import("builtin").cpu.arch.isWasm()) {
        if (@sizeOf(HostField) != 12 or @sizeOf(Column) != 32 or @offsetOf(Column, "has_validity") != 20 or
            @sizeOf(Batch) != 12 or @sizeOf(RowError) != 12 or @sizeOf(Description) != 48)
        {
            @compileError("a record is not laid out as the contract has it");
        }
    }
}
