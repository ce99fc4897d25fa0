// The descriptions of functions, and what the host calls them through.

import { Aggregate } from "./aggregate.js";
import { configuration } from "./configuration.js";
import { Holistic } from "./holistic.js";
import { Process } from "./process.js";
import { ColumnScalar, Scalar } from "./scalar.js";
import { Table } from "./table.js";

/** What was described, by what `scalar` and the others have given back. */
const described = new WeakMap();

/** One row in, one row out. */
export const scalar = (description, call) =>
  describe(call, description.columns ? new ColumnScalar(description, call) : new Scalar(description, call));

/** One row in, any number of rows out. */
export const table = (description, call) => describe(call, new Table(description, call));

/** All rows of a group in, one row out. */
export const holistic = (description, call) => describe(call, new Holistic(description, call));

/** Row by row, with a state for each key. */
export const process = (description, call) => describe(call, new Process(description, call));

/** Many rows in, one row out. */
export function aggregate(description, methods) {
  const made = new Aggregate(description, methods);
  return describe({ ...methods, init: () => made.states.init() }, made);
}

function describe(given, made) {
  // One function may stand in a library more than once.
  const own = typeof given === "function" ? given.bind(null) : given;
  described.set(own, made);
  return own;
}

/** All functions, in their order. */
export function library({ config, functions }) {
  const made = functions.map((given, place) => {
    const found = described.get(given);
    if (found === undefined) {
      throw new TypeError(`function ${place} of the library was not made by \`scalar\` or one of the others`);
    }
    return found;
  });
  return { functions: made, configure: configuration(config) };
}
