// The interfaces of a component: hands over to the library what the host sends. Lists of numbers come as bytes:
// `tidemill build` sees to that.

import { write } from "tidemill:udf/log@0.1.0";

import { CallError } from "./errors.js";
import { error as logError, writeTo } from "./log.js";

/** What a component exports, of a library. */
export function component(library) {
  writeTo((level, message) => write(level, message));
  stopClocks();
  let config;
  const find = (place, kind) => {
    const found = library.functions?.[place];
    if (found?.kind !== kind) throw new CallError(`function ${place} is no ${kind} function`);
    return found;
  };
  return {
    catalog: answering({
      configure(text) {
        if (library?.functions === undefined) {
          throw new TypeError("the module has no `export default library({ … })`");
        }
        try {
          config = library.configure(text);
        } catch (error) {
          throw new CallError(error.message);
        }
        return library.functions.map(entry);
      },
    }),
    scalar: answering({ call: (place, batch) => find(place, "scalar").call(config, batch) }),
    table: answering({ call: (place, batch) => find(place, "table").call(config, batch) }),
    aggregate: answering({
      init: (place, count) => find(place, "aggregate").states.begin(count),
      update: (place, accumulators, groups, batch) => find(place, "aggregate").update(accumulators, groups, batch),
      merge: (place, accumulators, groups, partials) => find(place, "aggregate").merge(accumulators, groups, partials),
      finish: (place, accumulators) => find(place, "aggregate").finish(accumulators),
      migrate: (place, version, old, stored) => find(place, "aggregate").states.migrate(version, old, stored),
    }),
    holistic: answering({
      evaluate: (place, count, groups, batch) => find(place, "holistic").evaluate(config, count, groups, batch),
    }),
    process: answering({
      init: (place, count) => find(place, "process").states.begin(count),
      process: (place, state, keys, batch) => find(place, "process").process(config, state, keys, batch),
      migrate: (place, version, old, stored) => find(place, "process").states.migrate(version, old, stored),
    }),
  };
}

/** What asks for the time would end in a trap that says nothing. */
function stopClocks() {
  const stopped = () => {
    throw new TypeError("there is no clock in a component; take a `timestamp` column");
  };
  const clock = new Proxy(Date, {
    get: (target, name) => (name === "now" ? stopped : Reflect.get(target, name)),
    apply: stopped,
    construct: (target, given, made) => (given.length === 0 ? stopped() : Reflect.construct(target, given, made)),
  });
  for (const [name, value] of Object.entries({ Date: clock, performance: { now: stopped } })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/** Answers errors of the whole call; tells the log of any other, which ends in a trap. */
function answering(methods) {
  const wrap = (method) => (...given) => {
    try {
      return method(...given);
    } catch (error) {
      // A text is an answer. What is none ends the call.
      if (error instanceof CallError) throw error.message.toWellFormed();
      tell(error);
      // Only a text, or an error that has one, can be an answer: this is a trap.
      throw 0;
    }
  };
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, wrap(method)]));
}

function tell(error) {
  const stack = error instanceof Error && error.stack ? error.stack.trimEnd().split("\n") : [];
  const own = /\/\.tidemill\/sdk\/|<input>/;
  for (const line of stack.filter((line) => !own.test(line)).slice(0, 6)) logError(line);
  logError(String(error));
}

const described = ({ name, type, nullable }) => ({ name, dataType: type, nullable });

const entry = (found) => ({
  name: found.name,
  kind: found.kind,
  doc: found.doc,
  parameters: found.parameters.map(described),
  results: found.results.map(described),
  state: found.state.map(described),
  stateVersion: found.stateVersion,
});
