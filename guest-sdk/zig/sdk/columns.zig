//! Scalar functions whose author wants whole columns.

const abi = @import("abi.zig");
const errors = @import("errors.zig");
const gathered = @import("gathered.zig");
const memory = @import("memory.zig");
const reader = @import("reader.zig");
const values = @import("values.zig");
const Builder = @import("builder.zig").Builder;
const function = @import("function.zig");
const Call = function.Call;

/// A function `fn (in: struct { celsius: []const f64 }, out: struct { fahrenheit: []f64 }) void`, or `!void`. All slices
/// are of one length. Rows that have a null where the type has none are left out, and their results are null. An error
/// refuses the whole batch, of which the host then tries the parts: where a batch ends is up to the host.
pub fn columns(comptime f: anytype, comptime doc: []const u8) type {
    const In = function.Parameters(@TypeOf(f), 0);
    const Out = function.Parameters(@TypeOf(f), 1);

    return struct {
        pub fn describe(comptime name: []const u8) function.Function {
            return .{
                .name = name,
                .kind = .scalar,
                .doc = doc,
                .parameters = gathered.fields(In),
                .results = gathered.fields(Out),
                .run = run,
            };
        }

        fn run(call: *Call) function.Failed!void {
            var readers: reader.Readers(In) = undefined;
            try reader.openArguments(call, gathered.fields(In), &readers);
            const in = gathered.gather(In, call, &readers);
            const present = call.present();
            var out: Out = undefined;
            inline for (@typeInfo(Out).@"struct".field_names, comptime gathered.elements(Out)) |name, Type| {
                @field(out, name) = memory.alloc(Type, present);
                if (comptime !values.isArray(Type)) @memset(@field(out, name), empty(Type));
            }
            const result = f(in, out);
            if (comptime errors.canFail(@TypeOf(result))) {
                result catch |failure| return call.fail("{s}", .{errors.reasonOf(failure)});
            }
            const made = memory.alloc(abi.Column, gathered.elements(Out).len);
            inline for (@typeInfo(Out).@"struct".field_names, comptime gathered.elements(Out), made) |name, Type, *column| {
                column.* = finished(Type, call, @field(out, name));
            }
            call.columns = made;
        }

        fn empty(comptime T: type) T {
            if (values.NotNull(T) != T) return null;
            return switch (T) {
                bool => false,
                []const u8 => "",
                values.Bytes => .{ .data = "" },
                else => unreachable,
            };
        }

        fn finished(comptime T: type, call: *const Call, results: []const T) abi.Column {
            if (comptime values.isArray(T)) {
                if (call.mask == null) {
                    return .{ .type = comptime values.field("", T).type, .values = .of(results) };
                }
            }
            var builder: Builder(T) = .init(call.arguments.rows);
            if (T == bool and call.mask == null) {
                builder.pushBits(results);
                return builder.finish();
            }
            var next: usize = 0;
            for (0..call.arguments.rows) |row| {
                if (call.isWanted(row)) {
                    builder.push(results[next]);
                    next += 1;
                } else {
                    builder.pushNull();
                }
            }
            return builder.finish();
        }
    };
}
