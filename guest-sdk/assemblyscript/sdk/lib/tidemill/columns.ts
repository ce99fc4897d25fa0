/** Columns, as the host passes and takes them. */

import { Nullable } from "tidemill";
import { Buffer, allocate } from "./memory";

/** The types of columns, in the order of the contract. */
const BOOLEAN: i32 = 0;
const UTF8: i32 = 6;
const BINARY: i32 = 7;

/** The name and type of a column. */
export class Field {
  constructor(
    readonly name: string,
    readonly type: i32,
    readonly nullable: bool,
  ) {}
}

function typeName(type: i32): string {
  const names = ["boolean", "int32", "int64", "float32", "float64", "timestamp", "utf8", "binary"];
  return names[type];
}

/** The size of a column in the memory of a call, in bytes. */
const COLUMN: usize = 32;

/** A column of arguments. */
export class Input {
  readonly type: i32;
  readonly count: i32;
  private values: usize;
  private data: usize;
  readonly validity: usize;

  constructor(columns: usize, place: i32) {
    const at = columns + <usize>place * COLUMN;
    this.type = load<u8>(at);
    this.values = load<u32>(at, 4);
    this.count = load<u32>(at, 8);
    this.data = load<u32>(at, 12);
    this.validity = load<u8>(at, 20) == 1 ? <usize>load<u32>(at, 24) : 0;
  }

  /** Where the numbers are. */
  // @ts-ignore: decorator
  @inline
  get numbers(): usize {
    return this.values;
  }

  /** Whether a row has a value. */
  // @ts-ignore: decorator
  @inline
  has(row: i32): bool {
    return this.validity == 0 || bit(this.validity, row);
  }

  /** The value of a row. */
  // @ts-ignore: decorator
  @inline
  get<T>(row: i32): T {
    if (isBoolean<T>()) return <T>bit(this.values, row);
    if (isString<T>()) return changetype<T>(this.text(row));
    if (isReference<T>()) return changetype<T>(this.bytes(row));
    return load<T>(this.values + ((<usize>row) << alignof<T>()));
  }

  /** The value of a row, or null. */
  // @ts-ignore: decorator
  @inline
  getOrNull<T>(row: i32): T | null {
    return this.has(row) ? this.get<T>(row) : null;
  }

  /** The value of a row, if there is one. */
  // @ts-ignore: decorator
  @inline
  getNullable<T>(row: i32): Nullable<T> {
    return this.has(row) ? new Nullable<T>(this.get<T>(row), true) : new Nullable<T>(<T>0, false);
  }

  private text(row: i32): string {
    const start = load<u32>(this.values + ((<usize>row) << 2));
    const end = load<u32>(this.values + ((<usize>row) << 2), 4);
    return String.UTF8.decodeUnsafe(this.data + start, end - start);
  }

  private bytes(row: i32): Uint8Array {
    const start = load<u32>(this.values + ((<usize>row) << 2));
    const end = load<u32>(this.values + ((<usize>row) << 2), 4);
    const bytes = new Uint8Array(end - start);
    memory.copy(bytes.dataStart, this.data + start, end - start);
    return bytes;
  }
}

/** A bit of a list of bits. */
// @ts-ignore: decorator
@inline
export function bit(bits: usize, row: i32): bool {
  return ((load<u8>(bits + (row >> 3)) >> <u8>(row & 7)) & 1) != 0;
}

/** A column of results. */
export class Output {
  private values: Buffer = new Buffer();
  private data: Buffer = new Buffer();
  private validity: Buffer = new Buffer();
  private nulls: bool = false;
  rows: i32 = 0;

  constructor(readonly type: i32) {}

  /** Makes it empty, for about so many rows. */
  reset(rows: i32): void {
    this.rows = 0;
    this.nulls = false;
    this.validity.length = 0;
    this.values.reset(<usize>rows * 4);
    this.data.reset(0);
    if (this.type >= UTF8) this.values.push<u32>(0);
  }

  /** Takes rows back. */
  truncate(rows: i32): void {
    if (rows == this.rows) return;
    this.rows = rows;
    const bytes = (<usize>rows + 7) / 8;
    if (this.nulls) this.validity.length = bytes;
    if (this.type == BOOLEAN) {
      this.values.length = bytes;
    } else if (this.type >= UTF8) {
      this.values.length = (<usize>rows + 1) * 4;
      this.data.length = load<u32>(this.values.place + (<usize>rows) * 4);
    } else {
      this.values.length = <usize>rows << (this.type == 1 || this.type == 3 ? 2 : 3);
    }
  }

  /** Adds rows of numbers without nulls, and returns where they go. */
  fill<T>(rows: i32): usize {
    const place = this.values.reserve(<usize>rows * sizeof<T>());
    this.values.length += <usize>rows * sizeof<T>();
    this.rows += rows;
    return place;
  }

  /** Adds rows of booleans without nulls, and returns where their bits go. Only to an empty column. */
  fillBits(rows: i32): usize {
    const bytes = (<usize>rows + 7) / 8;
    const place = this.values.reserve(bytes);
    this.values.length = bytes;
    this.rows = rows;
    memory.fill(place, 0, bytes);
    return place;
  }

  private mark(valid: bool): void {
    if (!this.nulls) {
      if (valid) return;
      this.nulls = true;
      this.validity.length = 0;
      for (let row = 0; row < this.rows; row++) this.validity.pushBit(row, true);
    }
    this.validity.pushBit(this.rows, valid);
  }

  /** Adds a row. */
  // @ts-ignore: decorator
  @inline
  push<T>(value: T): void {
    if (this.nulls) this.mark(true);
    if (isBoolean<T>()) {
      this.values.pushBit(this.rows, <bool>value);
    } else if (isString<T>()) {
      this.pushText(changetype<string>(value));
    } else if (isReference<T>()) {
      this.pushBytes(changetype<Uint8Array>(value));
    } else {
      this.values.push<T>(value);
    }
    this.rows++;
  }

  /** Adds a row without a value. */
  pushNull<T>(): void {
    this.mark(false);
    if (isBoolean<T>()) {
      this.values.pushBit(this.rows, false);
    } else if (isReference<T>()) {
      this.values.push<u32>(<u32>this.data.length);
    } else {
      this.values.push<T>(<T>0);
    }
    this.rows++;
  }

  /** Adds a row that may be without a value. */
  pushOrNull<T>(value: T | null): void {
    if (value === null) this.pushNull<T>();
    else this.push<T>(value);
  }

  /** Adds a row that may be without a value. */
  pushNullable<T>(value: Nullable<T>): void {
    if (value.has) this.push<T>(value.value);
    else this.pushNull<T>();
  }

  private pushText(value: string): void {
    // A unit of UTF-16 takes three bytes at most.
    const place = this.data.reserve(<usize>value.length * 3);
    this.data.length += String.UTF8.encodeUnsafe(
      changetype<usize>(value), value.length, place, false, String.UTF8.ErrorMode.REPLACE,
    );
    this.values.push<u32>(<u32>this.data.length);
  }

  private pushBytes(value: Uint8Array): void {
    memory.copy(this.data.reserve(value.length), value.dataStart, value.length);
    this.data.length += value.length;
    this.values.push<u32>(<u32>this.data.length);
  }

  /** Writes down for the host where everything is. */
  write(at: usize): void {
    store<u32>(at, this.type);
    store<u32>(at, this.values.place, 4);
    store<u32>(at, this.type >= UTF8 ? this.rows + 1 : this.type == BOOLEAN ? (this.rows + 7) >> 3 : this.rows, 8);
    store<u32>(at, this.data.place, 12);
    store<u32>(at, this.data.length, 16);
    store<u32>(at, this.nulls, 20);
    store<u32>(at, this.validity.place, 24);
    store<u32>(at, this.validity.length, 28);
  }
}

/** Writes columns down, in memory that lasts until the next call. */
export function writeColumns(columns: Output[]): usize {
  const at = allocate(0, 0, 4, <usize>columns.length * COLUMN);
  for (let place = 0; place < columns.length; place++) columns[place].write(at + <usize>place * COLUMN);
  return at;
}

/** What is wrong with the arguments of the call, if anything. */
export let problem: string = "";

/** Has a bit for each row that has all the values it needs; 0 if all have. */
export let mask: usize = 0;

/** Whether a row of the arguments has all the values it needs. */
// @ts-ignore: decorator
@inline
export function present(row: i32): bool {
  return mask == 0 || bit(mask, row);
}

/** Checks that columns are those of `fields`, and finds the rows that lack a value. */
export function open(fields: Field[], columns: usize, count: i32, rows: i32): bool {
  mask = 0;
  if (count != fields.length) {
    problem = count.toString() + " columns where there are " + fields.length.toString();
    return false;
  }
  for (let place = 0; place < count; place++) {
    const field = fields[place];
    const column = new Input(columns, place);
    if (column.type != field.type) {
      problem = "`" + field.name + "`: expected " + typeName(field.type) + ", got " + typeName(column.type);
      return false;
    }
    const length = field.type == BOOLEAN ? (rows + 7) >> 3 : field.type >= UTF8 ? rows + 1 : rows;
    if (column.count < length) {
      problem = "`" + field.name + "`: " + column.count.toString() + " values for " + rows.toString() + " rows";
      return false;
    }
    if (!field.nullable && column.validity != 0) require(column.validity, (rows + 7) >> 3);
  }
  return true;
}

/** Does the same for the columns of a state, of which no row may lack a value. */
export function openState(fields: Field[], columns: usize, count: i32, rows: i32): bool {
  if (!open(fields, columns, count, rows)) {
    problem = "state " + problem;
    return false;
  }
  for (let row = 0; row < rows; row++) {
    if (!present(row)) {
      problem = "a null in a state where there can be none";
      return false;
    }
  }
  mask = 0;
  return true;
}

function require(validity: usize, bytes: i32): void {
  if (mask == 0) {
    mask = validity;
    return;
  }
  const both = allocate(0, 0, 1, bytes);
  for (let place = 0; place < bytes; place++) {
    store<u8>(both + place, load<u8>(mask + place) & load<u8>(validity + place));
  }
  mask = both;
}

/** Checks that there is a group for each row, and that it is there. */
export function openGroups(groups: usize, length: i32, rows: i32, count: i32): bool {
  if (length != rows) {
    problem = length.toString() + " groups for " + rows.toString() + " rows";
    return false;
  }
  for (let row = 0; row < rows; row++) {
    const group = load<u32>(groups + ((<usize>row) << 2));
    if (group >= <u32>count) {
      problem = "group " + group.toString() + " of " + count.toString();
      return false;
    }
  }
  return true;
}

/** Opens states that another version has stored, with the columns `fields`. */
export function openVersion(
  version: u32, stored: usize, storedCount: i32, fields: Field[], columns: usize, count: i32, rows: i32,
): bool {
  let same = storedCount == fields.length;
  for (let place = 0; same && place < storedCount; place++) {
    const at = stored + <usize>place * 12;
    const name = String.UTF8.decodeUnsafe(load<u32>(at), load<u32>(at, 4));
    same = name == fields[place].name && <i32>load<u8>(at, 8) == fields[place].type;
  }
  if (!same) {
    problem = "version " + version.toString() + " of the state has other fields than here: fields that change need a new version";
    return false;
  }
  return openState(fields, columns, count, rows);
}
