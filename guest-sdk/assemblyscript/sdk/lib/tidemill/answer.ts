/** The answers to the host. */

import { takeFailure } from "tidemill";
import { Field, Output, problem, writeColumns } from "./columns";
import { Buffer, allocate } from "./memory";

/** Where an answer begins: a result is well if its first word is 0. */
const area: usize = memory.data(40, 4);

/** The rows that are refused, as the host takes them, and how many. */
const refused: Buffer = new Buffer();
let refusals: i32 = 0;

/** The parents of result rows. */
export const parents: Buffer = new Buffer();

/** Text in memory that lasts until the next call; writes down where it is. */
function writeText(at: usize, text: string): void {
  const place = allocate(0, 0, 1, <usize>text.length * 3);
  const length = String.UTF8.encodeUnsafe(
    changetype<usize>(text), text.length, place, false, String.UTF8.ErrorMode.REPLACE,
  );
  store<u32>(at, place);
  store<u32>(at, length, 4);
}

/** Forgets the answer before. */
export function beginAnswer(): void {
  refused.reset(0);
  refusals = 0;
  parents.reset(0);
  takeFailure();
}

/** Notes that a row is refused, as the function has said by `fail`. */
export function refuse(row: i32): void {
  const message = takeFailure();
  const at = refused.reserve(12);
  store<u32>(at, row);
  writeText(at + 4, message === null ? "" : message);
  refused.length += 12;
  refusals++;
}

/** An answer that is an error. */
export function failed(message: string): usize {
  store<u32>(area, 1);
  writeText(area + 4, message);
  return area;
}

/** An answer that is an error: what is wrong with the arguments. */
export function refusedCall(): usize {
  return failed(problem);
}

/** An answer that is an error: what the function has said by `fail` where no row is to blame. */
export function failedCall(): usize {
  const message = takeFailure();
  return failed(message === null ? "" : message);
}

function writeList(at: usize, place: usize, count: i32): void {
  store<u32>(at, place);
  store<u32>(at, count, 4);
}

/** The answer of a scalar or holistic function. */
export function answerRows(columns: Output[]): usize {
  store<u32>(area, 0);
  writeList(area + 4, writeColumns(columns), columns.length);
  writeList(area + 12, refused.place, refusals);
  return area;
}

/** The answer of a table function. */
export function answerTable(columns: Output[]): usize {
  store<u32>(area, 0);
  writeList(area + 4, writeColumns(columns), columns.length);
  writeList(area + 12, parents.place, <i32>(parents.length >> 2));
  writeList(area + 20, refused.place, refusals);
  return area;
}

/** The answer that is a batch. */
export function answerBatch(rows: i32, columns: Output[]): usize {
  store<u32>(area, 0);
  store<u32>(area, rows, 4);
  writeList(area + 8, writeColumns(columns), columns.length);
  return area;
}

/** The answer of an update of accumulators. */
export function answerUpdate(rows: i32, state: Output[]): usize {
  answerBatch(rows, state);
  writeList(area + 16, refused.place, refusals);
  return area;
}

/** The answer of a process function. */
export function answerProcess(rows: i32, state: Output[], columns: Output[]): usize {
  answerBatch(rows, state);
  writeList(area + 16, writeColumns(columns), columns.length);
  writeList(area + 24, parents.place, <i32>(parents.length >> 2));
  writeList(area + 32, refused.place, refusals);
  return area;
}

/** A function of the catalog. */
export class Entry {
  constructor(
    readonly name: string,
    readonly kind: i32,
    readonly doc: string,
    readonly parameters: Field[],
    readonly results: Field[],
    readonly state: Field[],
    readonly version: u32,
  ) {}
}

function writeFields(at: usize, fields: Field[]): void {
  const list = allocate(0, 0, 4, <usize>fields.length * 12);
  for (let place = 0; place < fields.length; place++) {
    const field = list + <usize>place * 12;
    writeText(field, fields[place].name);
    store<u32>(field, fields[place].type | (fields[place].nullable ? 256 : 0), 8);
  }
  writeList(at, list, fields.length);
}

/** The answer that is the catalog. */
export function answerCatalog(entries: Entry[]): usize {
  const list = allocate(0, 0, 4, <usize>entries.length * 48);
  for (let place = 0; place < entries.length; place++) {
    const entry = entries[place];
    const at = list + <usize>place * 48;
    writeText(at, entry.name);
    store<u32>(at, entry.kind, 8);
    writeText(at + 12, entry.doc);
    writeFields(at + 20, entry.parameters);
    writeFields(at + 28, entry.results);
    writeFields(at + 36, entry.state);
    store<u32>(at, entry.version, 44);
  }
  store<u32>(area, 0);
  writeList(area + 4, list, entries.length);
  return area;
}
