// Functions that make one row of each row.

import { chosen, column } from "./columns.js";
import { CallError, RowError } from "./errors.js";
import { Function } from "./function.js";
import { callEach, columnsOf } from "./loops.js";

export class Scalar extends Function {
  constructor(description, call) {
    super("scalar", description);
    this.function = call;
    this.loop = callEach(this.where, this.parameters, this.results, this.isSingle);
  }

  call(config, { rows, columns }) {
    const { lists, there } = this.open(columns, rows);
    const { outs, errors } = this.loop(this.function, rows, lists, there, config);
    return { columns: columnsOf(outs, this.results, there, this.where), errors };
  }
}

/** A function that is called with whole columns. */
export class ColumnScalar extends Function {
  constructor(description, call) {
    super("scalar", description);
    this.function = call;
  }

  call(config, { rows, columns }) {
    let { lists, there } = this.open(columns, rows);
    if (there !== null) lists = lists.map((list) => chosen(list, there));
    const given = Object.fromEntries(this.parameters.map(({ name }, place) => [name, lists[place]]));
    const count = there === null ? rows : there.reduce((sum, flag) => sum + flag, 0);
    let found;
    try {
      found = this.function(given, config, count);
    } catch (error) {
      throw error instanceof RowError ? new CallError(error.message) : error;
    }
    const outs = this.results.map((field) => {
      const made = this.isSingle ? found : found[field.name];
      if (made?.length !== count) {
        throw new TypeError(`${this.where} has given ${made?.length} values of \`${field.name}\` for ${count} rows`);
      }
      return there === null ? column(made, field, this.where) : this.spread(made, field, there);
    });
    return { columns: outs, errors: [] };
  }

  spread(made, field, there) {
    column(made, field, this.where);
    let next = 0;
    const spread = Array.from(there, (flag) => (flag === 1 ? made[next++] : null));
    return column(spread, { ...field, nullable: true }, this.where);
  }
}
