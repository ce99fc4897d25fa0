//! Functions that make one row of many and need all of them at once.

const errors = @import("errors.zig");
const gathered = @import("gathered.zig");
const reader = @import("reader.zig");
const row_file = @import("row.zig");
const function = @import("function.zig");
const Call = function.Call;

/// A function `fn (group: struct { value: []const f64 }) T` of the values of a group in the order of event time, which
/// may be none. Rows that have a null where the type has none are left out of all slices. An error refuses the group.
pub fn holistic(comptime f: anytype, comptime doc: []const u8) type {
    const Group = function.Parameters(@TypeOf(f), 0);
    const Given = function.Returned(@TypeOf(f));
    const Result = errors.Unwrapped(Given);

    return struct {
        pub fn describe(comptime name: []const u8) function.Function {
            return .{
                .name = name,
                .kind = .holistic,
                .doc = doc,
                .parameters = gathered.fields(Group),
                .results = row_file.fieldsOf(Result, name),
                .run = run,
            };
        }

        fn run(call: *Call) function.Failed!void {
            var readers: reader.Readers(Group) = undefined;
            try reader.openArguments(call, gathered.fields(Group), &readers);
            const all = gathered.gather(Group, call, &readers);
            var columns: row_file.Columns(Result) = .init(call.group_count);
            var row: usize = 0;
            var start: usize = 0;
            for (0..call.group_count) |group| {
                var end = start;
                while (row < call.groups.len and call.groups[row] == group) : (row += 1) {
                    end += @intFromBool(call.isWanted(row));
                }
                const result = f(gathered.part(Group, all, start, end));
                start = end;
                if (comptime !errors.canFail(Given)) {
                    columns.push(result);
                } else if (result) |made| {
                    columns.push(made);
                } else |failure| {
                    call.refuse(@intCast(group), failure);
                    columns.pushNull();
                }
            }
            call.columns = columns.finish();
        }
    };
}
