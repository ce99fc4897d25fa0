package rt

import "unsafe"

// arena is where the host puts the arguments of a call. It is filled from the start in each call, so
// that calls make no garbage. Nothing in it is a pointer of Go.
var arena struct {
	words []uint64
	used  int
	// outgrown are the pieces that were too small for the call under way.
	outgrown [][]uint64
	// done says that the call has ended, and with it the use of what is in the arena.
	done bool
}

// smallest and largest are the sizes, in words of eight bytes, that the arena starts with and that it
// keeps after a call.
const smallest, largest = 1 << 13, 1 << 21

// allocate is called by the host for each list that it passes.
//
//go:wasmexport cabi_realloc
func allocate(old, oldSize, _, size uint32) uint32 {
	if arena.done {
		release()
	}
	words := (int(size) + 7) / 8
	if arena.used+words > len(arena.words) {
		arena.outgrown = append(arena.outgrown, arena.words)
		arena.words = make([]uint64, max(words, 2*len(arena.words), smallest))
		arena.used = 0
	}
	place := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(arena.words[arena.used:]))))
	arena.used += words
	if oldSize > 0 {
		copy(memory[byte](place, size), memory[byte](old, oldSize))
	}
	return place
}

// release makes room for the next call.
func release() {
	arena.done, arena.used, arena.outgrown = false, 0, nil
	if len(arena.words) > largest {
		arena.words = nil
	}
}

// memory returns values that the host has put at an address.
func memory[T any](address, count uint32) []T {
	if count == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(uintptr(address))), int(count))
}

// address returns where a value is, as the host counts.
func address[T any](values []T) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(values))))
}
