//! The configuration of a stage, read into the fields of a struct. Those that are left out keep the values they have. A
//! key that is no field is refused when the pipeline starts, and so is a value of another type.

const std = @import("std");
const function = @import("function.zig");
const Call = function.Call;

/// Reads a JSON object to what `target` points to.
pub fn read(call: *Call, target: anytype, json: []const u8) function.Failed!void {
    // Settings last as long as the instance, and are read once in it.
    const allocator = if (@import("builtin").cpu.arch.isWasm()) std.heap.wasm_allocator else std.heap.page_allocator;
    const parsed = std.json.parseFromSliceLeaky(std.json.Value, allocator, json, .{}) catch
        return call.fail("the configuration is no JSON", .{});
    const object = switch (parsed) {
        .object => |object| object,
        else => return call.fail("the configuration is no JSON object", .{}),
    };
    const Config = @typeInfo(@TypeOf(target)).pointer.child;
    const info = @typeInfo(Config).@"struct";
    var entries = object.iterator();
    while (entries.next()) |entry| {
        const key = entry.key_ptr.*;
        var is_known = false;
        inline for (info.field_names, info.field_types) |name, T| {
            if (std.mem.eql(u8, key, name)) {
                is_known = true;
                @field(target.*, name) = value(T, allocator, entry.value_ptr.*) orelse
                    return call.fail("`{s}` must be {s}", .{ name, expected(T) });
            }
        }
        if (!is_known) return call.fail("unknown key `{s}`: the keys are {s}", .{ key, comptime list(info.field_names) });
    }
}

/// A value of JSON as a `T`; null if it is none.
fn value(comptime T: type, allocator: std.mem.Allocator, json: std.json.Value) ?T {
    // What is written as text or with a fraction is no number or integer, though the parser would take it.
    switch (@typeInfo(T)) {
        .int => if (json != .integer) return null,
        .float => if (json != .integer and json != .float and json != .number_string) return null,
        else => {},
    }
    return std.json.parseFromValueLeaky(T, allocator, json, .{}) catch null;
}

fn expected(comptime T: type) []const u8 {
    return switch (@typeInfo(T)) {
        .int => |int| std.fmt.comptimePrint("an integer of {d} bits", .{int.bits}),
        .float => "a number",
        .bool => "true or false",
        else => if (T == []const u8) "a string" else "a `" ++ @typeName(T) ++ "`",
    };
}

fn list(comptime names: []const [:0]const u8) []const u8 {
    comptime var text: []const u8 = if (names.len == 0) "none" else "";
    inline for (names, 0..) |name, place| text = text ++ (if (place > 0) ", `" else "`") ++ name ++ "`";
    return text;
}
