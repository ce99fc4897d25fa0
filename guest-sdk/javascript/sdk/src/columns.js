// Columns as they cross: bytes in Arrow's layout, and what functions see: typed arrays of numbers, arrays otherwise.

import * as text from "./text.js";

/** The typed arrays of numbers. */
export const ARRAYS = {
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
  timestamp: BigInt64Array,
};

/** What stands at the place of a null. */
const FILLING = {
  boolean: false,
  int32: 0,
  int64: 0n,
  float32: 0,
  float64: 0,
  timestamp: 0n,
  utf8: "",
  binary: new Uint8Array(0),
};

/** A value of a type to begin with. */
export const initial = (field) => (field.nullable ? null : FILLING[field.type]);

/** Numbers that crossed as bytes. They are the call's own, and begin where such numbers may. */
export const numbers = (array, bytes) =>
  new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);

/** A 1 for each value that is there; nothing if all are. */
export function flags(column, rows) {
  const bits = column.validity;
  if (bits === null || bits === undefined) return null;
  const there = new Uint8Array(rows);
  let all = 1;
  for (let row = 0; row < rows; row++) {
    const bit = (bits[row >> 3] >> (row & 7)) & 1;
    there[row] = bit;
    all &= bit;
  }
  return all === 1 ? null : there;
}

/** The bits of as many flags. */
export function pack(there) {
  const bits = new Uint8Array((there.length + 7) >> 3);
  for (let row = 0; row < there.length; row++) bits[row >> 3] |= there[row] << (row & 7);
  return bits;
}

/** The values, whatever stands at the place of nulls. */
export function values(column, type, rows) {
  const given = column.buffer.val;
  const array = ARRAYS[type];
  if (array !== undefined) return numbers(array, given);
  if (type === "boolean") {
    const found = new Array(rows);
    for (let row = 0; row < rows; row++) found[row] = ((given[row >> 3] >> (row & 7)) & 1) === 1;
    return found;
  }
  const ends = numbers(Uint32Array, given.offsets);
  if (type === "utf8") return text.decode(given.data, ends);
  const found = new Array(rows);
  for (let row = 0; row < rows; row++) found[row] = given.data.slice(ends[row], ends[row + 1]);
  return found;
}

/** The values, with `null` for nulls. */
export function valuesOrNull(column, type, rows) {
  const found = values(column, type, rows);
  const there = flags(column, rows);
  return there === null ? found : Array.from(found, (value, row) => (there[row] ? value : null));
}

/** Those that are there. */
export const chosen = (found, there) => found.filter((_, row) => there[row] === 1);

/** The column of values, in which `null` is a null. */
export function column(found, { name, type, nullable }, where) {
  const rows = found.length;
  let validity = null;
  if (Array.isArray(found) && found.includes(null)) {
    if (!nullable) throw misfit(where, name, type, null);
    const there = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) there[row] = found[row] === null ? 0 : 1;
    validity = pack(there);
    found = found.map((value) => (value === null ? FILLING[type] : value));
  }
  return { buffer: { tag: type, val: buffer(found, name, type, where) }, validity };
}

function buffer(found, name, type, where) {
  const check = (is) => {
    for (const value of found) if (!is(value)) throw misfit(where, name, type, value);
  };
  const array = ARRAYS[type];
  if (array !== undefined) {
    if (found instanceof array) return found;
    const isBig = array === BigInt64Array;
    check((value) => typeof value === (isBig ? "bigint" : "number"));
    const made = array.from(found);
    if (isBig || type === "int32") {
      for (let row = 0; row < made.length; row++) {
        if (made[row] !== found[row]) throw misfit(where, name, type, found[row]);
      }
    }
    return made;
  }
  if (type === "boolean") {
    check((value) => typeof value === "boolean");
    const bits = new Uint8Array((found.length + 7) >> 3);
    for (let row = 0; row < found.length; row++) {
      if (found[row]) bits[row >> 3] |= 1 << (row & 7);
    }
    return bits;
  }
  if (type === "utf8") {
    check((value) => typeof value === "string");
    return text.encode(found);
  }
  check((value) => value instanceof Uint8Array);
  return binary(found);
}

function binary(found) {
  const offsets = new Uint32Array(found.length + 1);
  let end = 0;
  for (let row = 0; row < found.length; row++) {
    end += found[row].length;
    offsets[row + 1] = end;
  }
  const data = new Uint8Array(end);
  for (let row = 0; row < found.length; row++) data.set(found[row], offsets[row]);
  return { offsets, data };
}

/** What is thrown if a function gives what it has not promised. */
export function misfit(where, name, type, value) {
  const shown = typeof value === "bigint" ? `${value}n` : typeof value === "string" ? "a text" : String(value);
  return new TypeError(`${where} has given ${shown} for \`${name}\`, which is \`${type}\``);
}
