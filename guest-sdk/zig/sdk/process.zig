//! Functions that see the rows of a key one by one and remember what they need in a state.

const errors = @import("errors.zig");
const reader = @import("reader.zig");
const row_file = @import("row.zig");
const states_file = @import("state.zig");
const values = @import("values.zig");
const function = @import("function.zig");
const Call = function.Call;

/// A function `fn (state: *S, row: struct {...}, out: *Sink(T)) void`, or `!void`: an error refuses the row, which then
/// has no results and leaves the state as it was.
pub fn process(comptime f: anytype, comptime doc: []const u8) type {
    const S = function.Pointed(@TypeOf(f), 0);
    const Row = function.Parameters(@TypeOf(f), 1);
    const Sink = function.Pointed(@TypeOf(f), 2);

    return struct {
        pub fn describe(comptime name: []const u8) function.Function {
            return .{
                .name = name,
                .kind = .process,
                .doc = doc,
                .parameters = values.fields(Row),
                .results = row_file.fieldsOf(Sink.Row, name),
                .state = values.fields(S),
                .state_version = states_file.versionOf(S),
                .run = run,
                .init = states_file.init(S),
                .migrate = states_file.migrate(S),
            };
        }

        fn run(call: *Call) function.Failed!void {
            const states = try states_file.load(S, call, call.states);
            var readers: reader.Readers(Row) = undefined;
            try reader.openArguments(call, values.fields(Row), &readers);
            var sink: Sink = .init(call.arguments.rows);
            for (call.groups, 0..) |key, row| {
                if (!call.isWanted(row)) continue;
                const before = states[key];
                const made = sink.parents.items.len;
                sink.parent = @intCast(row);
                const result = f(&states[key], reader.getRow(Row, &readers, row), &sink);
                if (comptime errors.canFail(@TypeOf(result))) {
                    result catch |failure| {
                        call.refuse(@intCast(row), failure);
                        states[key] = before;
                        sink.truncate(made);
                    };
                }
            }
            call.states.columns = .of(states_file.store(S, states));
            call.columns = sink.columns.finish();
            call.parents = sink.parents.items;
        }
    };
}
