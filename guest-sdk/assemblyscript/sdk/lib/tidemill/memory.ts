/** Memory that the collector knows nothing of: what the host puts the arguments into, and what it reads the results from. */

/** The smallest piece of the arena, and the largest that is kept after a call, in bytes. */
const SMALLEST: usize = 1 << 16;
const LARGEST: usize = 1 << 24;

let piece: usize = 0;
let size: usize = 0;
let used: usize = 0;
// The pieces that were too small for the call under way; each begins with the place of the next.
let outgrown: usize = 0;
// Whether the call has ended, and with it the use of what is in the arena.
let done: bool = false;

/** The host's way to get memory for the lists that it passes. It all belongs to one call. */
export function allocate(old: usize, oldSize: usize, _align: usize, newSize: usize): usize {
  if (done) release();
  const bytes = (newSize + 15) & ~(<usize>15);
  if (used + bytes > size) grow(bytes);
  const place = piece + used;
  used += bytes;
  if (oldSize > 0) memory.copy(place, old, min(oldSize, newSize));
  return place;
}

function grow(bytes: usize): void {
  if (piece != 0) {
    store<usize>(piece, outgrown);
    outgrown = piece;
  }
  size = max(max(bytes + 16, size * 2), SMALLEST);
  piece = heap.alloc(size);
  // Room for the place of the next, once it is outgrown.
  used = 16;
}

/** Makes room for the next call. */
function release(): void {
  done = false;
  used = 16;
  while (outgrown != 0) {
    const next = load<usize>(outgrown);
    heap.free(outgrown);
    outgrown = next;
  }
  if (size > LARGEST) {
    heap.free(piece);
    piece = 0;
    size = 0;
    used = 0;
  }
}

/** Begins a call, also one without arguments in memory. */
export function begin(): void {
  if (done) release();
}

let rowsSince: i32 = 0;

/** Ends a call of so many rows. Nothing that is collected is in use now, so the collector may run. */
export function end(rows: i32): void {
  done = true;
  rowsSince += rows + 16;
  if (rowsSince > 4096) {
    rowsSince = 0;
    __collect();
  }
}

/** A list of bytes that grows and is filled anew in each call. */
export class Buffer {
  /** Where it is. */
  place: usize = 0;
  /** How many bytes are in it. */
  length: usize = 0;
  private capacity: usize = 0;

  /** Makes it empty, with room for so many bytes; without the room of one huge call. */
  reset(bytes: usize): void {
    this.length = 0;
    if (this.capacity > 1 << 20 && this.capacity / 16 > bytes) {
      heap.free(this.place);
      this.place = 0;
      this.capacity = 0;
    }
    this.reserve(bytes);
  }

  /** Makes room for so many more bytes, and returns where they go. */
  // @ts-ignore: decorator
  @inline
  reserve(bytes: usize): usize {
    const end = this.length + bytes;
    if (end > this.capacity) this.enlarge(end);
    return this.place + this.length;
  }

  private enlarge(needed: usize): void {
    this.capacity = max(needed, this.capacity * 2);
    this.place = this.place == 0 ? heap.alloc(this.capacity) : heap.realloc(this.place, this.capacity);
  }

  /** Adds a number. */
  // @ts-ignore: decorator
  @inline
  push<T>(value: T): void {
    store<T>(this.reserve(sizeof<T>()), value);
    this.length += sizeof<T>();
  }

  /** Adds a bit, for the row `row`. */
  pushBit(row: i32, value: bool): void {
    if ((row & 7) == 0) this.push<u8>(0);
    const place = this.place + (row >> 3);
    const mask: u8 = <u8>1 << <u8>(row & 7);
    store<u8>(place, value ? load<u8>(place) | mask : load<u8>(place) & ~mask);
  }
}
