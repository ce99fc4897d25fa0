// What every kind of function has in common: its description, and its arguments taken apart.

import { flags, numbers, values, valuesOrNull } from "./columns.js";
import { CallError } from "./errors.js";
import { field, fields } from "./types.js";

export class Function {
  state = [];
  stateVersion = 0;

  constructor(kind, { name, doc = "", params, returns }) {
    if (typeof name !== "string" || name === "") throw new TypeError("a function needs a `name`");
    this.kind = kind;
    this.name = name;
    this.doc = doc;
    this.where = `function \`${name}\``;
    this.parameters = fields(params ?? {}, this.where);
    // A type alone is that of a result that is called like the function.
    const isType = typeof returns === "string";
    this.results = isType ? [field(name, returns, this.where)] : fields(returns, this.where);
    this.isSingle = this.results.length === 1;
  }

  /** The values of each column, and a flag for each row that has all that it needs: nothing if all have. */
  open(columns, rows) {
    checkColumns(columns, this.parameters, this.where);
    let there = null;
    this.parameters.forEach((parameter, place) => {
      const own = parameter.nullable ? null : flags(columns[place], rows);
      if (own === null) return;
      there = there === null ? own : there.map((flag, row) => flag & own[row]);
    });
    const lists = this.parameters.map((parameter, place) =>
      (parameter.nullable ? valuesOrNull : values)(columns[place], parameter.type, rows),
    );
    return { lists, there };
  }
}

/** Refuses a call whose columns are not the ones that were described. */
export function checkColumns(columns, expected, where) {
  if (columns.length !== expected.length) {
    throw new CallError(`${where}: ${columns.length} columns where there are ${expected.length}`);
  }
  expected.forEach(({ name, type }, place) => {
    const found = columns[place].buffer.tag;
    if (found !== type) throw new CallError(`${where}: \`${name}\` is ${type}, not ${found}`);
  });
}

/** The groups or keys of rows. */
export function placesOf(bytes, rows, count) {
  const places = numbers(Uint32Array, bytes);
  if (places.length !== rows || places.some((place) => place >= count)) {
    throw new CallError(`${places.length} places among ${count} for ${rows} rows`);
  }
  return places;
}
