// Functions that make any number of rows of each row.

import { column } from "./columns.js";
import { RowError } from "./errors.js";
import { Function } from "./function.js";

export class Table extends Function {
  constructor(description, call) {
    super("table", description);
    this.function = call;
  }

  call(config, { rows, columns }) {
    const { lists, there } = this.open(columns, rows);
    const made = new Made(this.results, this.isSingle, this.where);
    const errors = [];
    const values = {};
    for (let row = 0; row < rows; row++) {
      if (there !== null && there[row] === 0) continue;
      this.parameters.forEach(({ name }, place) => (values[name] = lists[place][row]));
      try {
        made.add(row, this.function(values, config));
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        made.takeBack();
        errors.push({ row, message: error.message });
      }
    }
    return { columns: made.columns(), parents: Uint32Array.from(made.parents), errors };
  }
}

/** Result rows, and the row that each was made of. */
export class Made {
  parents = [];

  constructor(results, isSingle, where) {
    this.results = results;
    this.isSingle = isSingle;
    this.where = where;
    this.lists = results.map(() => []);
  }

  /** Adds what a function has given for a row: anything that `for` goes through, or nothing. */
  add(row, given) {
    if (given === undefined || given === null) return;
    const { lists, results, isSingle } = this;
    let count = 0;
    for (const result of given) {
      if (isSingle) lists[0].push(result);
      else for (let place = 0; place < lists.length; place++) lists[place].push(result[results[place].name]);
      count++;
    }
    for (; count > 0; count--) this.parents.push(row);
  }

  /** Forgets what came of a row before it was refused. */
  takeBack() {
    for (const list of this.lists) list.length = this.parents.length;
  }

  columns() {
    return this.results.map((field, place) => column(this.lists[place], field, this.where));
  }
}
