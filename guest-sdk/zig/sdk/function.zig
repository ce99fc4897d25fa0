//! What the library knows of a function.

const abi = @import("abi.zig");
const call = @import("call.zig");

pub const Call = call.Call;
pub const Failed = call.Failed;

pub const Function = struct {
    name: []const u8,
    kind: abi.Kind,
    doc: []const u8,
    parameters: []const abi.Field,
    results: []const abi.Field,
    state: []const abi.Field = &.{},
    state_version: u32 = 0,

    /// Handles the arguments of a call.
    run: *const fn (*Call) Failed!void,
    /// Those of functions with a state; each gives states back in `columns`, `finish` the results.
    init: ?*const fn (*Call) Failed!void = null,
    merge: ?*const fn (*Call) Failed!void = null,
    finish: ?*const fn (*Call) Failed!void = null,
    /// Takes the version and the fields of the states in `arguments`.
    migrate: ?*const fn (*Call, u32, []const abi.HostField) Failed!void = null,
};

/// The types of the parameters of a function, which may not be generic.
pub fn parameterTypes(comptime F: type) []const ?type {
    return @typeInfo(F).@"fn".param_types;
}

/// What a function returns.
pub fn Returned(comptime F: type) type {
    return @typeInfo(F).@"fn".return_type.?;
}

/// The struct of the parameters at `place`.
pub fn Parameters(comptime F: type, comptime place: usize) type {
    const types = parameterTypes(F);
    if (types.len <= place) @compileError("a function takes a struct with a field for each parameter");
    const T = types[place] orelse @compileError("a function with `anytype` cannot be called by a pipeline");
    if (@typeInfo(T) != .@"struct") {
        @compileError("a function takes a struct with a field for each parameter, not `" ++ @typeName(T) ++ "`");
    }
    return T;
}

/// What the pointer at `place` points to.
pub fn Pointed(comptime F: type, comptime place: usize) type {
    const types = parameterTypes(F);
    if (types.len <= place) @compileError("a parameter is missing: a pointer to a state or a `Sink`");
    return switch (@typeInfo(types[place].?)) {
        .pointer => |pointer| pointer.child,
        else => @compileError("a pointer to a state or a `Sink` belongs here, not `" ++ @typeName(types[place].?) ++ "`"),
    };
}
