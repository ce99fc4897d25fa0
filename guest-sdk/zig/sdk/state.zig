//! What an aggregate or a process function remembers: a struct of which each field is a column that the host keeps,
//! and has a default that it has before the first row.
//!
//! The names and types of the fields are part of what a running stream has stored. When they change, keep the old
//! struct and say how it becomes the new one:
//!
//!     const Mean = struct {
//!         pub const version = 2; // 1 where there is none
//!         pub fn from(old: MeanV1) Mean { ... }
//!         ...
//!     };

const std = @import("std");
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const reader = @import("reader.zig");
const row_file = @import("row.zig");
const values = @import("values.zig");
const function = @import("function.zig");
const Call = function.Call;
const Failed = function.Failed;

pub fn versionOf(comptime S: type) u32 {
    return if (@hasDecl(S, "version")) S.version else 1;
}

/// The states in the columns of a batch.
pub fn load(comptime S: type, call: *Call, batch: abi.Batch) Failed![]S {
    var readers: reader.Readers(S) = undefined;
    try reader.openStates(call, batch, values.fields(S), &readers);
    const states = memory.alloc(S, batch.rows);
    for (states, 0..) |*state, row| state.* = reader.getRow(S, &readers, row);
    return states;
}

/// The columns of states.
pub fn store(comptime S: type, states: []const S) []abi.Column {
    var columns: row_file.Columns(S) = .init(states.len);
    for (states) |state| columns.push(state);
    return columns.finish();
}

/// Makes the columns of `call.arguments.rows` states that have seen no row.
pub fn init(comptime S: type) fn (*Call) Failed!void {
    return struct {
        fn first(call: *Call) Failed!void {
            const states = memory.alloc(S, call.arguments.rows);
            for (states) |*state| state.* = .{};
            call.columns = store(S, states);
        }
    }.first;
}

/// Makes the columns of `S` of those of an older version.
pub fn migrate(comptime S: type) fn (*Call, u32, []const abi.HostField) Failed!void {
    return struct {
        fn convert(call: *Call, version: u32, fields: []const abi.HostField) Failed!void {
            const states = try migrated(S, call, version, fields) orelse
                return call.fail("unknown version {d}", .{version});
            call.columns = store(S, states);
        }
    }.convert;
}

/// The states of a version; null if it does not lead to `S`.
fn migrated(comptime S: type, call: *Call, version: u32, fields: []const abi.HostField) Failed!?[]S {
    if (version == versionOf(S)) {
        if (!areSame(fields, values.fields(S))) {
            return call.fail("version {d} of the state has other fields: what changes needs a new version", .{version});
        }
        return try load(S, call, call.arguments);
    }
    if (!@hasDecl(S, "from")) return null;
    const Old = @typeInfo(@TypeOf(S.from)).@"fn".param_types[0].?;
    comptime if (versionOf(Old) >= versionOf(S)) @compileError("`from` takes a state of an older version");
    const old = try migrated(Old, call, version, fields) orelse return null;
    const states = memory.alloc(S, old.len);
    for (states, old) |*state, from| state.* = S.from(from);
    return states;
}

fn areSame(old: []const abi.HostField, new: []const abi.Field) bool {
    if (old.len != new.len) return false;
    for (old, new) |left, right| {
        if (!std.mem.eql(u8, left.name.items(u8), right.name) or left.type != @backingInt(right.type)) return false;
    }
    return true;
}
