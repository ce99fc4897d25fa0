// Functions that make one row of many and need all of them at once.

import { chosen, column, misfit } from "./columns.js";
import { RowError } from "./errors.js";
import { Function, placesOf } from "./function.js";

export class Holistic extends Function {
  constructor(description, call) {
    super("holistic", description);
    this.function = call;
  }

  evaluate(config, count, bytes, { rows, columns }) {
    let groups = placesOf(bytes, rows, count);
    let { lists, there } = this.open(columns, rows);
    if (there !== null) {
      groups = chosen(groups, there);
      lists = lists.map((list) => chosen(list, there));
    }
    const found = [];
    const errors = [];
    const values = {};
    for (let group = 0, start = 0; group < count; group++) {
      let end = start;
      while (end < groups.length && groups[end] === group) end++;
      this.parameters.forEach(({ name }, place) => (values[name] = lists[place].slice(start, end)));
      try {
        found.push(this.function(values, config));
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        errors.push({ row: group, message: error.message });
        found.push(undefined);
      }
      start = end;
    }
    return { columns: this.results.map((field) => this.column(found, field)), errors };
  }

  /** Groups without a result are `undefined`. */
  column(found, field) {
    const values = found.map((result) => {
      if (result === undefined) return null;
      const value = this.isSingle ? result : result[field.name];
      if (value === null && !field.nullable) throw misfit(this.where, field.name, field.type, value);
      return value;
    });
    return column(values, { ...field, nullable: true }, this.where);
  }
}
