//! Functions that make one row of each row.

const errors = @import("errors.zig");
const memory = @import("memory.zig");
const reader = @import("reader.zig");
const row_file = @import("row.zig");
const values = @import("values.zig");
const function = @import("function.zig");
const Call = function.Call;

/// A function `fn (row: struct {...}) T`, with its doc comment. A filter returns `bool`.
pub fn scalar(comptime f: anytype, comptime doc: []const u8) type {
    const Row = function.Parameters(@TypeOf(f), 0);
    const Given = function.Returned(@TypeOf(f));
    const Result = errors.Unwrapped(Given);

    return struct {
        pub fn describe(comptime name: []const u8) function.Function {
            return .{
                .name = name,
                .kind = .scalar,
                .doc = doc,
                .parameters = values.fields(Row),
                .results = row_file.fieldsOf(Result, name),
                .run = run,
            };
        }

        fn run(call: *Call) function.Failed!void {
            var readers: reader.Readers(Row) = undefined;
            try reader.openArguments(call, values.fields(Row), &readers);
            var columns: row_file.Columns(Result) = .init(call.arguments.rows);
            if (comptime isFast()) {
                if (call.mask == null) {
                    runFast(&columns.builders[0], &readers, call.arguments.rows);
                    call.columns = columns.finish();
                    return;
                }
            }
            for (0..call.arguments.rows) |row| {
                if (!call.isWanted(row)) {
                    columns.pushNull();
                } else if (comptime errors.canFail(Given)) {
                    if (f(reader.getRow(Row, &readers, row))) |result| {
                        columns.push(result);
                    } else |failure| {
                        call.refuse(@intCast(row), failure);
                        columns.pushNull();
                    }
                } else {
                    columns.push(f(reader.getRow(Row, &readers, row)));
                }
            }
            call.columns = columns.finish();
        }

        /// Whether the results are a column of plain numbers or booleans.
        fn isFast() bool {
            if (errors.canFail(Given)) return false;
            return values.isArray(Value()) or Value() == bool;
        }

        fn Value() type {
            if (values.isCell(Result)) return Result;
            const types = @typeInfo(Result).@"struct".field_types;
            return if (types.len == 1) types[0] else void;
        }

        /// So many rows between two jumps back, each of which looks at the deadline, that this costs little.
        const block = 16;

        fn runFast(builder: anytype, readers: *const reader.Readers(Row), rows: usize) void {
            const out = if (Value() == bool) memory.alloc(bool, rows) else builder.all(rows);
            const kept = readers.*;
            var row: usize = 0;
            while (row + block <= rows) : (row += block) {
                var made: [block]Value() = undefined;
                inline for (0..block) |place| made[place] = valueOf(f(reader.getRow(Row, &kept, row + place)));
                out[row..][0..block].* = made;
            }
            while (row < rows) : (row += 1) out[row] = valueOf(f(reader.getRow(Row, &kept, row)));
            if (Value() == bool) builder.pushBits(out);
        }

        inline fn valueOf(result: Result) Value() {
            if (comptime values.isCell(Result)) return result;
            return @field(result, @typeInfo(Result).@"struct".field_names[0]);
        }
    };
}
