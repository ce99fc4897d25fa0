//! Functions that make any number of rows of each row.

const errors = @import("errors.zig");
const reader = @import("reader.zig");
const row_file = @import("row.zig");
const values = @import("values.zig");
const function = @import("function.zig");
const Call = function.Call;

/// A function `fn (row: struct {...}, out: *Sink(T)) void`, or `!void`.
pub fn table(comptime f: anytype, comptime doc: []const u8) type {
    const Row = function.Parameters(@TypeOf(f), 0);
    const Sink = function.Pointed(@TypeOf(f), 1);

    return struct {
        pub fn describe(comptime name: []const u8) function.Function {
            return .{
                .name = name,
                .kind = .table,
                .doc = doc,
                .parameters = values.fields(Row),
                .results = row_file.fieldsOf(Sink.Row, name),
                .run = run,
            };
        }

        fn run(call: *Call) function.Failed!void {
            var readers: reader.Readers(Row) = undefined;
            try reader.openArguments(call, values.fields(Row), &readers);
            var sink: Sink = .init(call.arguments.rows);
            for (0..call.arguments.rows) |row| {
                if (!call.isWanted(row)) continue;
                const before = sink.parents.items.len;
                sink.parent = @intCast(row);
                const result = f(reader.getRow(Row, &readers, row), &sink);
                if (comptime errors.canFail(@TypeOf(result))) {
                    result catch |failure| {
                        call.refuse(@intCast(row), failure);
                        sink.truncate(before);
                    };
                }
            }
            call.columns = sink.columns.finish();
            call.parents = sink.parents.items;
        }
    };
}
