// Functions that see the rows of a key one by one and remember what they need in a state.

import { RowError } from "./errors.js";
import { Function, placesOf } from "./function.js";
import { State } from "./state.js";
import { Made } from "./table.js";

export class Process extends Function {
  constructor(description, call) {
    super("process", description);
    this.states = new State(description, this.where);
    this.state = this.states.fields;
    this.stateVersion = this.states.version;
    this.function = call;
  }

  process(config, stored, bytes, { rows, columns }) {
    const states = this.states.load(stored);
    const keys = placesOf(bytes, rows, states.length);
    const { lists, there } = this.open(columns, rows);
    const made = new Made(this.results, this.isSingle, this.where);
    const errors = [];
    const values = {};
    for (let row = 0; row < rows; row++) {
      if (there !== null && there[row] === 0) continue;
      this.parameters.forEach(({ name }, place) => (values[name] = lists[place][row]));
      const before = { ...states[keys[row]] };
      try {
        made.add(row, this.function(states[keys[row]], values, config));
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        states[keys[row]] = before;
        made.takeBack();
        errors.push({ row, message: error.message });
      }
    }
    const parents = Uint32Array.from(made.parents);
    return { state: this.states.store(states), columns: made.columns(), parents, errors };
  }
}
