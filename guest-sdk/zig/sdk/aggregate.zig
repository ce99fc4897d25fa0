//! Functions that make one row of many, by way of an accumulator: a state with three methods.
//!
//!     const Mean = struct {
//!         sum: f64 = 0,
//!         count: i64 = 0,
//!
//!         pub fn update(mean: *Mean, row: struct { value: f64 }) void { ... }
//!         pub fn merge(mean: *Mean, other: Mean) void { ... }
//!         pub fn finish(mean: Mean) ?f64 { ... }
//!     };
//!
//! `update` may return `!void`: an error refuses the row, and the accumulator stays what it was. The host may cut the
//! rows of a group into pieces, each with an accumulator of its own: `merge` adds what `other` has seen, which came
//! later. Errors of `merge` and `finish` end the whole call: there is no row to blame.

const errors = @import("errors.zig");
const reader = @import("reader.zig");
const row_file = @import("row.zig");
const state = @import("state.zig");
const values = @import("values.zig");
const function = @import("function.zig");
const Call = function.Call;
const Failed = function.Failed;

/// An aggregate of the struct `S`, with its doc comment.
pub fn aggregate(comptime S: type, comptime doc: []const u8) type {
    const Row = function.Parameters(@TypeOf(S.update), 1);
    const Result = errors.Unwrapped(function.Returned(@TypeOf(S.finish)));

    return struct {
        pub fn describe(comptime name: []const u8) function.Function {
            return .{
                .name = name,
                .kind = .aggregate,
                .doc = doc,
                .parameters = values.fields(Row),
                .results = row_file.fieldsOf(Result, name),
                .state = values.fields(S),
                .state_version = state.versionOf(S),
                .run = update,
                .init = state.init(S),
                .merge = merge,
                .finish = finish,
                .migrate = state.migrate(S),
            };
        }

        fn update(call: *Call) Failed!void {
            const states = try state.load(S, call, call.states);
            var readers: reader.Readers(Row) = undefined;
            try reader.openArguments(call, values.fields(Row), &readers);
            for (call.groups, 0..) |group, row| {
                if (!call.isWanted(row)) continue;
                const touched = &states[group];
                if (comptime errors.canFail(function.Returned(@TypeOf(S.update)))) {
                    const before = touched.*;
                    touched.update(reader.getRow(Row, &readers, row)) catch |failure| {
                        call.refuse(@intCast(row), failure);
                        touched.* = before;
                    };
                } else {
                    touched.update(reader.getRow(Row, &readers, row));
                }
            }
            call.columns = state.store(S, states);
        }

        fn merge(call: *Call) Failed!void {
            const states = try state.load(S, call, call.states);
            const partials = try state.load(S, call, call.arguments);
            for (call.groups, partials) |group, partial| {
                const result = states[group].merge(partial);
                if (comptime errors.canFail(@TypeOf(result))) {
                    result catch |failure| return call.fail("{s}", .{errors.reasonOf(failure)});
                }
            }
            call.columns = state.store(S, states);
        }

        fn finish(call: *Call) Failed!void {
            const states = try state.load(S, call, call.states);
            var columns: row_file.Columns(Result) = .init(states.len);
            for (states) |seen| {
                const result = seen.finish();
                if (comptime errors.canFail(@TypeOf(result))) {
                    columns.push(result catch |failure| return call.fail("{s}", .{errors.reasonOf(failure)}));
                } else {
                    columns.push(result);
                }
            }
            call.columns = columns.finish();
        }
    };
}
