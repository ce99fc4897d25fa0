// Functions that make one row of many by way of an accumulator.

import { column } from "./columns.js";
import { CallError, RowError } from "./errors.js";
import { Function, placesOf } from "./function.js";
import { updateEach } from "./loops.js";
import { State } from "./state.js";

export class Aggregate extends Function {
  constructor(description, { update, merge, finish }) {
    super("aggregate", description);
    this.states = new State(description, this.where);
    this.state = this.states.fields;
    this.stateVersion = this.states.version;
    this.functions = { update, merge, finish };
    for (const [name, method] of Object.entries(this.functions)) {
      if (typeof method !== "function") throw new TypeError(`${this.where} has no \`${name}\``);
    }
    this.loop = updateEach(this.parameters);
  }

  update(accumulators, bytes, { rows, columns }) {
    const states = this.states.load(accumulators);
    const groups = placesOf(bytes, rows, states.length);
    const { lists, there } = this.open(columns, rows);
    const { update } = this.functions;
    const at = { row: 0 };
    const errors = [];
    try {
      this.loop(update, groups, states, lists, there, 0, at);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      errors.push({ row: at.row, message: error.message });
      // What the refused row has changed is not known: its accumulator is made anew. The rows after it are added with
      // more care.
      const first = at.row;
      const group = groups[first];
      states[group] = this.states.load(accumulators)[group];
      const isBefore = groups.slice(0, first).map((other, row) => Number(other === group && (there?.[row] ?? 1) === 1));
      this.loop(update, groups.subarray(0, first), states, lists, isBefore, 0, at);
      this.addWithCare(first + 1, groups, states, lists, there, errors);
    }
    return { accumulators: this.states.store(states), errors };
  }

  addWithCare(from, groups, states, lists, there, errors) {
    const at = { row: from };
    while (at.row < groups.length) {
      const row = at.row;
      const before = { ...states[groups[row]] };
      try {
        this.loop(this.functions.update, groups.subarray(0, row + 1), states, lists, there, row, at);
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        errors.push({ row, message: error.message });
        states[groups[row]] = before;
        at.row = row + 1;
      }
    }
  }

  merge(accumulators, bytes, partials) {
    const states = this.states.load(accumulators);
    const others = this.states.load(partials);
    const groups = placesOf(bytes, others.length, states.length);
    const { merge } = this.functions;
    whole(() => others.forEach((other, row) => merge(states[groups[row]], other)));
    return this.states.store(states);
  }

  finish(accumulators) {
    const states = this.states.load(accumulators);
    const { finish } = this.functions;
    const found = whole(() => states.map((state) => finish(state)));
    const columns = this.results.map((field) => {
      const values = this.isSingle ? found : found.map((result) => result[field.name]);
      return column(values, field, this.where);
    });
    return { rows: states.length, columns };
  }
}

/** Errors in what concerns no row refuse the whole call. */
function whole(work) {
  try {
    return work();
  } catch (error) {
    throw error instanceof RowError ? new CallError(error.message) : error;
  }
}
