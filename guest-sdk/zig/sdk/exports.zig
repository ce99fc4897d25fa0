//! The exports of the world `library`, on the canonical ABI: what the host calls.

const std = @import("std");
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const log = @import("log.zig");
const function = @import("function.zig");
const Call = function.Call;
const Failed = function.Failed;
const List = abi.List;
const Batch = abi.Batch;

/// `result<T, string>` for every `T` of the contract.
const Answer = extern struct {
    failed: bool,
    content: extern union {
        message: List,
        functions: List,
        batch: Batch,
        scalar: extern struct { columns: List, errors: List },
        table: extern struct { columns: List, parents: List, errors: List },
        update: extern struct { accumulators: Batch, errors: List },
        process: extern struct { state: Batch, columns: List, parents: List, errors: List },
    },
};

var answer: Answer = undefined;

fn answered(call: *const Call, result: Failed!void) *Answer {
    answer.failed = false;
    result catch {
        answer = .{ .failed = true, .content = .{ .message = .of(call.message) } };
    };
    return &answer;
}

/// What a panic does: it says why, and ends the call in a trap.
pub fn panicked(message: []const u8, _: ?usize) noreturn {
    log.err(message);
    @trap();
}

/// Exports `Library`, which `tidemill.library` has made.
pub fn exportLibrary(comptime Library: type) void {
    const calls = Calls(Library);
    const all = .{
        .{ "catalog#configure", calls.configure },
        .{ "scalar#call", calls.scalar },
        .{ "table#call", calls.table },
        .{ "holistic#evaluate", calls.evaluate },
        .{ "aggregate#init", calls.initAggregate },
        .{ "aggregate#update", calls.update },
        .{ "aggregate#merge", calls.merge },
        .{ "aggregate#finish", calls.finish },
        .{ "aggregate#migrate", calls.migrateAggregate },
        .{ "process#init", calls.initProcess },
        .{ "process#process", calls.process },
        .{ "process#migrate", calls.migrateProcess },
    };
    inline for (all) |entry| {
        const place = comptime std.mem.findScalar(u8, entry[0], '#').?;
        const name = "tidemill:udf/" ++ entry[0][0..place] ++ "@0.1.0" ++ entry[0][place..];
        const exported = entry[1];
        @export(&exported, .{ .name = name });
        @export(&afterwards, .{ .name = "cabi_post_" ++ name });
    }
    @export(&reallocate, .{ .name = "cabi_realloc" });
}

/// The host's way to get memory for what it sends.
fn reallocate(old: [*]const u8, old_size: usize, alignment: usize, size: usize) callconv(.c) [*]u8 {
    if (size == 0) return @ptrFromInt(alignment);
    const new = memory.alloc(u8, size);
    @memcpy(new[0..@min(old_size, size)], old[0..@min(old_size, size)]);
    return new.ptr;
}

/// After the host has read an answer, all memory of the call is given back.
fn afterwards(_: *const Answer) callconv(.c) void {
    memory.freeAll();
}

fn Calls(comptime Library: type) type {
    return struct {
        /// The function at a place of the catalog.
        fn find(call: *Call, index: u32, kind: abi.Kind) Failed!*const function.Function {
            if (index < Library.functions.len and Library.functions[index].kind == kind) {
                return &Library.functions[index];
            }
            return call.fail("the library has no such function of this kind", .{});
        }

        fn configure(config: [*]const u8, size: usize) callconv(.c) *Answer {
            var call: Call = .{};
            return answered(&call, tryConfigure(&call, config[0..size]));
        }

        fn tryConfigure(call: *Call, config: []const u8) Failed!void {
            try Library.configure(call, config);
            const list = memory.alloc(abi.Description, Library.functions.len);
            for (list, Library.functions) |*entry, described| {
                entry.* = .{
                    .name = .of(described.name),
                    .kind = described.kind,
                    .doc = .of(described.doc),
                    .parameters = hostFields(described.parameters),
                    .results = hostFields(described.results),
                    .state = hostFields(described.state),
                    .state_version = described.state_version,
                };
            }
            answer.content = .{ .functions = .of(list) };
        }

        fn hostFields(fields: []const abi.Field) List {
            const list = memory.alloc(abi.HostField, fields.len);
            for (list, fields) |*entry, field| {
                entry.* = .{
                    .name = .of(field.name),
                    .type = @backingInt(field.type),
                    .nullable = @intFromBool(field.nullable),
                };
            }
            return .of(list);
        }

        fn scalar(index: u32, rows: u32, columns: usize, count: usize) callconv(.c) *Answer {
            var call: Call = .{ .arguments = .{ .rows = rows, .columns = .{ .data = columns, .size = count } } };
            const result = run(&call, index, .scalar);
            answer.content = .{ .scalar = .{ .columns = .of(call.columns), .errors = .of(call.refused.items) } };
            return answered(&call, result);
        }

        fn table(index: u32, rows: u32, columns: usize, count: usize) callconv(.c) *Answer {
            var call: Call = .{ .arguments = .{ .rows = rows, .columns = .{ .data = columns, .size = count } } };
            const result = run(&call, index, .table);
            answer.content = .{ .table = .{
                .columns = .of(call.columns),
                .parents = .of(call.parents),
                .errors = .of(call.refused.items),
            } };
            return answered(&call, result);
        }

        fn run(call: *Call, index: u32, kind: abi.Kind) Failed!void {
            const found = try find(call, index, kind);
            return found.run(call);
        }

        fn evaluate(
            index: u32,
            groups: u32,
            group: usize,
            group_count: usize,
            rows: u32,
            columns: usize,
            count: usize,
        ) callconv(.c) *Answer {
            var call: Call = .{ .arguments = .{ .rows = rows, .columns = .{ .data = columns, .size = count } } };
            const result = tryEvaluate(&call, index, groups, .{ .data = group, .size = group_count });
            answer.content = .{ .scalar = .{ .columns = .of(call.columns), .errors = .of(call.refused.items) } };
            return answered(&call, result);
        }

        fn tryEvaluate(call: *Call, index: u32, groups: u32, group: List) Failed!void {
            try call.setGroups(group, call.arguments.rows, groups);
            if (!std.sort.isSorted(u32, call.groups, {}, std.sort.asc(u32))) {
                return call.fail("groups that are not in order", .{});
            }
            return run(call, index, .holistic);
        }

        fn initAggregate(index: u32, count: u32) callconv(.c) *Answer {
            return init(index, count, .aggregate);
        }

        fn initProcess(index: u32, count: u32) callconv(.c) *Answer {
            return init(index, count, .process);
        }

        fn init(index: u32, count: u32, kind: abi.Kind) *Answer {
            var call: Call = .{ .arguments = .{ .rows = count, .columns = .{} } };
            const result = withStates(&call, index, kind, .init);
            answer.content = .{ .batch = .{ .rows = count, .columns = .of(call.columns) } };
            return answered(&call, result);
        }

        fn withStates(call: *Call, index: u32, kind: abi.Kind, comptime what: @EnumLiteral()) Failed!void {
            const found = try find(call, index, kind);
            return @field(found, @tagName(what)).?(call);
        }

        fn update(
            index: u32,
            states: u32,
            state: usize,
            state_count: usize,
            group: usize,
            group_count: usize,
            rows: u32,
            columns: usize,
            count: usize,
        ) callconv(.c) *Answer {
            var call: Call = .{
                .arguments = .{ .rows = rows, .columns = .{ .data = columns, .size = count } },
                .states = .{ .rows = states, .columns = .{ .data = state, .size = state_count } },
            };
            const result = tryGroups(&call, index, .aggregate, .run, .{ .data = group, .size = group_count });
            answer.content = .{ .update = .{
                .accumulators = .{ .rows = states, .columns = .of(call.columns) },
                .errors = .of(call.refused.items),
            } };
            return answered(&call, result);
        }

        fn merge(
            index: u32,
            states: u32,
            state: usize,
            state_count: usize,
            group: usize,
            group_count: usize,
            rows: u32,
            columns: usize,
            count: usize,
        ) callconv(.c) *Answer {
            var call: Call = .{
                .arguments = .{ .rows = rows, .columns = .{ .data = columns, .size = count } },
                .states = .{ .rows = states, .columns = .{ .data = state, .size = state_count } },
            };
            const result = tryGroups(&call, index, .aggregate, .merge, .{ .data = group, .size = group_count });
            answer.content = .{ .batch = .{ .rows = states, .columns = .of(call.columns) } };
            return answered(&call, result);
        }

        fn tryGroups(
            call: *Call,
            index: u32,
            kind: abi.Kind,
            comptime what: @EnumLiteral(),
            groups: List,
        ) Failed!void {
            try call.setGroups(groups, call.arguments.rows, call.states.rows);
            const found = try find(call, index, kind);
            if (what == .merge) return found.merge.?(call);
            return found.run(call);
        }

        fn finish(index: u32, rows: u32, state: usize, state_count: usize) callconv(.c) *Answer {
            var call: Call = .{ .states = .{ .rows = rows, .columns = .{ .data = state, .size = state_count } } };
            const result = withStates(&call, index, .aggregate, .finish);
            answer.content = .{ .batch = .{ .rows = rows, .columns = .of(call.columns) } };
            return answered(&call, result);
        }

        fn process(
            index: u32,
            states: u32,
            state: usize,
            state_count: usize,
            key: usize,
            key_count: usize,
            rows: u32,
            columns: usize,
            count: usize,
        ) callconv(.c) *Answer {
            var call: Call = .{
                .arguments = .{ .rows = rows, .columns = .{ .data = columns, .size = count } },
                .states = .{ .rows = states, .columns = .{ .data = state, .size = state_count } },
            };
            const result = tryGroups(&call, index, .process, .run, .{ .data = key, .size = key_count });
            answer.content = .{ .process = .{
                .state = call.states,
                .columns = .of(call.columns),
                .parents = .of(call.parents),
                .errors = .of(call.refused.items),
            } };
            return answered(&call, result);
        }

        fn migrateAggregate(
            index: u32,
            version: u32,
            fields: usize,
            field_count: usize,
            rows: u32,
            columns: usize,
            count: usize,
        ) callconv(.c) *Answer {
            const old: Batch = .{ .rows = rows, .columns = .{ .data = columns, .size = count } };
            return migrate(index, .aggregate, version, .{ .data = fields, .size = field_count }, old);
        }

        fn migrateProcess(
            index: u32,
            version: u32,
            fields: usize,
            field_count: usize,
            rows: u32,
            columns: usize,
            count: usize,
        ) callconv(.c) *Answer {
            const old: Batch = .{ .rows = rows, .columns = .{ .data = columns, .size = count } };
            return migrate(index, .process, version, .{ .data = fields, .size = field_count }, old);
        }

        fn migrate(index: u32, kind: abi.Kind, version: u32, fields: List, old: Batch) *Answer {
            var call: Call = .{ .arguments = old };
            const result = tryMigrate(&call, index, kind, version, fields);
            answer.content = .{ .batch = .{ .rows = old.rows, .columns = .of(call.columns) } };
            return answered(&call, result);
        }

        fn tryMigrate(call: *Call, index: u32, kind: abi.Kind, version: u32, fields: List) Failed!void {
            const found = try find(call, index, kind);
            return found.migrate.?(call, version, fields.items(abi.HostField));
        }
    };
}
