/**
 * Functions for Tidemill, written in JavaScript or TypeScript.
 *
 * ```js
 * import { library, scalar } from "tidemill";
 *
 * export const toFahrenheit = scalar(
 *   {
 *     name: "to_fahrenheit",
 *     doc: "Converts degrees Celsius to degrees Fahrenheit.",
 *     params: { celsius: "float64" },
 *     returns: { fahrenheit: "float64" },
 *   },
 *   ({ celsius }) => celsius * 1.8 + 32,
 * );
 *
 * export default library({ functions: [toFahrenheit] });
 * ```
 *
 * What `scalar` and the others give back is called as the function itself, so tests call it.
 *
 * The row that a function is given is the same object for all rows: take its values out of it, as above, or copy it.
 */

/** The types of columns, and what their values are. */
interface Types {
  boolean: boolean;
  int32: number;
  int64: bigint;
  float32: number;
  float64: number;
  /** Microseconds since 1970-01-01T00:00:00 UTC. */
  timestamp: bigint;
  utf8: string;
  binary: Uint8Array;
}

/** The same for whole columns. */
interface Arrays {
  boolean: boolean[];
  int32: Int32Array;
  int64: BigInt64Array;
  float32: Float32Array;
  float64: Float64Array;
  timestamp: BigInt64Array;
  utf8: string[];
  binary: Uint8Array[];
}

/** The type of a column. With a `?` there may be nulls, which are `null`. */
export type Type = keyof Types | `${keyof Types}?`;

/** Columns by name, in their order. */
export type Columns = { readonly [name: string]: Type };

/** A value of a column. */
export type Value<T extends Type> = T extends keyof Types
  ? Types[T]
  : T extends `${infer U extends keyof Types}?`
    ? Types[U] | null
    : never;

/** The values of a row. */
export type Row<C extends Columns> = { -readonly [K in keyof C]: Value<C[K]> };

/** All values of a column. */
export type Values<T extends Type> = T extends keyof Types ? Arrays[T] : Value<T>[] | Arrays[keyof Arrays & Plain<T>];
type Plain<T> = T extends `${infer U}?` ? U : T;

/** What a column of results may be given as. */
type Given<T extends Type> = (T extends keyof Types ? Arrays[T] : never) | readonly Value<T>[];

type IsUnion<T, U = T> = [T] extends [never] ? false : T extends U ? ([U] extends [T] ? false : true) : never;

/** A value if there is one column, an object if there are several. */
type Result<R extends Type | Columns> = R extends Type
  ? Value<R>
  : R extends Columns
    ? IsUnion<keyof R> extends true
      ? { readonly [K in keyof R]: Value<R[K]> }
      : Value<R[keyof R]>
    : never;

type ResultColumns<R extends Type | Columns> = R extends Type
  ? Given<R>
  : R extends Columns
    ? IsUnion<keyof R> extends true
      ? { readonly [K in keyof R]: Given<R[K]> }
      : Given<R[keyof R]>
    : never;

/** What is said of every function. */
interface Description<P extends Columns, R extends Type | Columns> {
  /** Functions of one name differ in the types of their parameters. */
  readonly name: string;
  /** What the function does, for people. */
  readonly doc?: string;
  /** In a column without `?`, a row with a null has no result: the function is not called. */
  readonly params?: P;
  /** A type alone is that of a column that is called like the function. One column: return its value. */
  readonly returns: R;
}

/** What is remembered, by name. */
interface Remembering<S extends Columns> {
  /** Columns that the host keeps. Numbers begin with 0, texts are empty, and what may be null is `null`. */
  readonly state: S;
  /** What else they begin with. */
  readonly init?: () => Partial<Row<S>>;
  /** Goes up when the columns or their meaning change; 1 if it is not given. */
  readonly version?: number;
  /** For each older version that can be gone on from: makes a state of an old one. */
  readonly migrate?: { readonly [version: number]: (old: any) => Row<S> };
}

/** Refuses the row that a function was called with. Any other error is a mistake in the function, and ends in a trap. */
export class RowError extends Error {
  constructor(message?: string);
}

/**
 * One row in, one row out. A filter is one that returns a `boolean`.
 *
 * With `columns: true`, the function takes whole columns and gives whole columns, with as many values. Columns without
 * `?` have those rows only in which none of them is null.
 */
export function scalar<
  const P extends Columns,
  const R extends Type | Columns,
  const B extends boolean = false,
  C = any,
>(
  description: Description<P, R> & { readonly columns?: B },
  call: (given: Taken<P, B>, config: C, rows: number) => Gives<R, B>,
): (given: Taken<P, B>, config?: C, rows?: number) => Gives<R, B>;

type Taken<P extends Columns, B> = B extends true ? { readonly [K in keyof P]: Values<P[K]> } : Row<P>;
type Gives<R extends Type | Columns, B> = B extends true ? ResultColumns<R> : Result<R>;

/** One row in, any number of rows out: a generator, or a function that returns a list, or nothing. */
export function table<const P extends Columns, const R extends Type | Columns, C = any>(
  description: Description<P, R>,
  call: (row: Row<P>, config: C) => Iterable<Result<R>> | null | undefined,
): (row: Row<P>, config?: C) => Iterable<Result<R>>;

/** All rows of a group in, by columns and in the order of event time; one row out. */
export function holistic<const P extends Columns, const R extends Type | Columns, C = any>(
  description: Description<P, R>,
  call: (columns: { readonly [K in keyof P]: Values<P[K]> }, config: C) => Result<R>,
): (columns: { readonly [K in keyof P]: Values<P[K]> }, config?: C) => Result<R>;

/** Row by row, with the state of the row's key; any number of rows out. */
export function process<
  const P extends Columns,
  const R extends Type | Columns,
  const S extends Columns,
  C = any,
>(
  description: Description<P, R> & Remembering<S>,
  call: (state: Row<S>, row: Row<P>, config: C) => Iterable<Result<R>> | null | undefined,
): (state: Row<S>, row: Row<P>, config?: C) => Iterable<Result<R>>;

/** Many rows in, one row out. The host may split the rows among several states and merge them. */
export function aggregate<
  const P extends Columns,
  const R extends Type | Columns,
  const S extends Columns,
>(
  description: Description<P, R> & Remembering<S>,
  methods: Accumulator<P, R, S>,
): Accumulator<P, R, S> & { init(): Row<S> };

/** How rows come together. */
interface Accumulator<P extends Columns, R extends Type | Columns, S extends Columns> {
  /** Adds a row. If it refuses it, the state is put back to what it was. */
  update(state: Row<S>, row: Row<P>): void;
  /** Adds what `other` has seen, which came later than what `state` has seen. */
  merge(state: Row<S>, other: Row<S>): void;
  /** Computes the result. */
  finish(state: Row<S>): Result<R>;
}

/**
 * All functions of a library, in their order: its module's `export default`.
 *
 * `config` has all keys that a stage may set, with what they are if it does not, of the same type. Or it is a function
 * that makes a configuration of what the stage says, and throws if that cannot be.
 */
export function library(described: {
  readonly config?: object | ((given: any) => unknown);
  readonly functions: readonly unknown[];
}): unknown;

/** Writes lines to the host's log, with the name of the stage; in tests, to the console. */
export const log: {
  debug(message: unknown): void;
  info(message: unknown): void;
  warn(message: unknown): void;
  error(message: unknown): void;
};
