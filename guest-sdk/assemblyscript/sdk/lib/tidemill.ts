/**
 * What a library of functions for Tidemill is written with.
 *
 * A function becomes one that pipelines can call by a tag in the comment above it: `@scalar`, `@table`,
 * `@holistic` or `@process`; a class by `@aggregate`. `@state version=2` above a class says that its fields
 * have changed, and `@config` above a variable that the configuration of the stage is read into it.
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
