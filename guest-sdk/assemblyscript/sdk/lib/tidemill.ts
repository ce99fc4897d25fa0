/**
 * What a library of functions for Tidemill is written with.
 *
 * A function becomes one that pipelines can call by a tag in the comment above it. It is exported:
 *
 *     /**
 *      * Converts degrees Celsius to degrees Fahrenheit.
 *      * @scalar result=fahrenheit
 *      *\/
 *     export function toFahrenheit(celsius: f64): f64 {
 *       return celsius * 1.8 + 32.0;
 *     }
 *
 * Columns have the names of the parameters, in snake_case; a result has the name of the function, or that after
 * `result=`, or is an object of a class with a column in each field. The tags are:
 *
 * - `@scalar`: a row in, a row out. With typed arrays such as Float64Array as parameters and result, the function is
 *   given whole columns.
 * - `@table`: a row in, an array of rows out.
 * - `@aggregate`, above a class with the methods `update`, `merge` and `finish`: many rows in, one out. The object is the
 *   accumulator.
 * - `@holistic`: arrays such as `f64[]` with all values of a group in, a row out.
 * - `@process`: a row in, a row or an array of rows out; the first parameter is the state of the row's key, an object.
 * - `@state version=2`, above the class of a state or of what an aggregate once was.
 * - `@config`, above a variable such as `export const config = new Config()`: the configuration of the stage is read into
 *   its fields. A method `validate` may refuse it by `fail`.
 *
 * `name=` after a tag gives the function another name; `version=` after `@aggregate` or `@state` says that the fields
 * have changed. A method `migrate` with the old class as its parameter fills an object of the new one.
 */

/** Microseconds since 1970-01-01T00:00:00 UTC. */
export type Timestamp = i64;

/** A number or boolean that may be missing. For text and bytes, write `string | null` and `Uint8Array | null`. */
export class Nullable<T> {
  constructor(
    /** The value, if there is one. */
    readonly value: T,
    /** Whether there is a value. */
    readonly has: bool,
  ) {}
}

/** A value that is there. */
export function some<T>(value: T): Nullable<T> {
  return new Nullable<T>(value, true);
}

/** A value that is missing. */
export function none<T>(): Nullable<T> {
  return new Nullable<T>(<T>0, false);
}

// @ts-ignore: decorator
@lazy let failure: string | null = null;

/**
 * Refuses the row, or in a holistic function the group: `return fail<i64>("division by zero")`. What is
 * returned is of no meaning. What the function has changed in its state is undone.
 */
export function fail<T = void>(message: string): T {
  failure = message;
  // @ts-ignore: there is no value of void
  if (isVoid<T>()) return;
  if (isReference<T>()) return changetype<T>(0);
  // @ts-ignore: a number
  return <T>0;
}

/** Why the last row was refused, if it was; the next one is not. For tests. */
export function takeFailure(): string | null {
  const message = failure;
  failure = null;
  return message;
}

/** Whether the last row was refused. */
// @ts-ignore: decorator
@inline
export function hasFailed(): bool {
  return failure !== null;
}

// @ts-ignore: decorator
@external("tidemill:udf/log@0.1.0", "write")
declare function hostWrite(level: i32, text: usize, length: usize): void;

function write(level: i32, message: string): void {
  const text = String.UTF8.encode(message, false, String.UTF8.ErrorMode.REPLACE);
  hostWrite(level, changetype<usize>(text), text.byteLength);
}

/** Writes a line for those who look for a fault to the host's log, with the name of the stage. */
export function debug(message: string): void {
  write(0, message);
}

/** Writes a line for everyone. */
export function info(message: string): void {
  write(1, message);
}

/** Writes a line about something that is not as it should be. */
export function warn(message: string): void {
  write(2, message);
}

/** Writes a line about something that failed. */
export function error(message: string): void {
  write(3, message);
}

/** Ends the instance after `throw` or a failed check. The compiler calls it. */
// @ts-ignore: decorator
@global
function tidemill_abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const what = message === null ? "" : ": " + message;
  // @ts-ignore: numbers have the method
  const where = file === null ? "" : " in " + file + ":" + line.toString() + ":" + column.toString();
  error("abort" + where + what);
  unreachable();
}

/** Where Math.random starts: the same in every instance. The compiler calls it. */
// @ts-ignore: decorator
@global
function tidemill_seed(): f64 {
  return 4611686018427387904.0;
}
