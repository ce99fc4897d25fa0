//! Memory that lasts until a call ends: what the host writes arguments to, and what results are made in.

const std = @import("std");
const builtin = @import("builtin");

const is_guest = builtin.cpu.arch.isWasm();

var arena: std.heap.ArenaAllocator = .init(if (is_guest) std.heap.wasm_allocator else std.heap.page_allocator);

pub const allocator = arena.allocator();

/// Gives back all of it; keeps it for the next call.
pub fn freeAll() void {
    _ = arena.reset(.retain_capacity);
}

/// `count` values that are not initialized yet, fit for vectors.
pub fn alloc(comptime T: type, count: usize) []T {
    return allocator.alignedAlloc(T, .@"16", count) catch outOfMemory();
}

/// What cannot be gone on after.
pub fn outOfMemory() noreturn {
    @panic("out of memory");
}
