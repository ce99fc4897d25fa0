// What aggregates and process functions remember, as columns that the host keeps.

import { column, initial, valuesOrNull } from "./columns.js";
import { CallError } from "./errors.js";
import { checkColumns } from "./function.js";
import { fields } from "./types.js";

export class State {
  constructor({ state, init, version = 1, migrate }, where) {
    this.where = where;
    this.fields = fields(state, `${where}, its state`);
    this.version = version;
    this.migrations = migrate ?? {};
    const usual = Object.fromEntries(this.fields.map((field) => [field.name, initial(field)]));
    this.init = () => ({ ...usual, ...init?.() });
  }

  /** The columns of states that have seen nothing. */
  begin(count) {
    return this.store(Array.from({ length: count }, () => this.init()));
  }

  load({ rows, columns }) {
    checkColumns(columns, this.fields, `${this.where}, its state`);
    return rowsOf(columns, this.fields, rows);
  }

  store(states) {
    const columns = this.fields.map((field) => {
      const values = states.map((state) => state[field.name]);
      return column(values, field, `${this.where}, its state,`);
    });
    return { rows: states.length, columns };
  }

  migrate(version, described, stored) {
    const old = described.map(({ name, dataType, nullable }) => ({ name, type: dataType, nullable }));
    const shape = (fields) => JSON.stringify(fields.map(({ name, type }) => [name, type]));
    if (version === this.version && shape(old) === shape(this.fields)) {
      return this.store(this.load(stored));
    }
    const convert = this.migrations[version];
    if (convert === undefined) throw new CallError(`unknown version ${version}`);
    checkColumns(stored.columns, old, `${this.where}, its state of version ${version}`);
    return this.store(rowsOf(stored.columns, old, stored.rows).map((state) => convert(state)));
  }
}

function rowsOf(columns, fields, rows) {
  const lists = fields.map(({ type }, place) => valuesOrNull(columns[place], type, rows));
  const states = new Array(rows);
  for (let row = 0; row < rows; row++) {
    const state = {};
    for (let place = 0; place < fields.length; place++) state[fields[place].name] = lists[place][row];
    states[row] = state;
  }
  return states;
}
