// The loops that call functions row by row, written for the columns of each. They are made when the library is built:
// in an interpreter, a loop that does only what its columns need is a good deal faster than one that looks.
//
// One object stands for all rows: a row's values are taken out of it before the next row is put in.

import { ARRAYS, column, misfit, pack } from "./columns.js";
import { RowError } from "./errors.js";

/** `(call, rows, lists, there, config) -> { outs, errors }` of a scalar function. */
export function callEach(where, parameters, results, isSingle) {
  const loop = (isMasked) => `
    var [${names(parameters, "list")}] = lists, values = ${emptyRow(parameters)}, errors = [], row = 0;
    var result, ${names(results, "value")};
    ${results.map(open).join("\n")}
    while (row < rows) {
      try {
        for (; row < rows; row++) {
          ${isMasked ? `if (there[row] === 0) { ${results.map(skip).join(" ")} continue; }` : ""}
          ${parameters.map(fill).join(" ")}
          result = call(values, config);
          ${isSingle ? "value0 = result;" : results.map(pick).join(" ")}
          ${results.map((field, place) => store(field, place, where)).join(" ")}
        }
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        errors.push({ row, message: error.message });
        ${results.map(skip).join(" ")}
        row++;
      }
    }
    return { outs: [${names(results, "out")}], errors };`;
  return withOrWithoutMask(["call", "rows", "lists", "there", "config"], loop, 3);
}

/** `(update, groups, states, lists, there, from, at)` of an aggregate: adds the rows from `from` on; `at.row` is the one at hand. */
export function updateEach(parameters) {
  const loop = (isMasked) => `
    var [${names(parameters, "list")}] = lists, values = ${emptyRow(parameters)}, rows = groups.length, row = from;
    try {
      for (; row < rows; row++) {
        ${isMasked ? "if (there[row] === 0) continue;" : ""}
        ${parameters.map(fill).join(" ")}
        update(states[groups[row]], values);
      }
    } finally {
      at.row = row;
    }`;
  return withOrWithoutMask(["update", "groups", "states", "lists", "there", "from", "at"], loop, 4);
}

/** Both loops of a kind: a flag for each row is looked at only if there are flags. */
function withOrWithoutMask(parameters, loop, mask) {
  const [plain, masked] = [false, true].map((isMasked) => made(parameters, loop(isMasked)));
  return (...given) => (given[mask] === null ? plain : masked)(...given);
}

/** The columns of what `callEach` has kept. */
export function columnsOf(outs, results, there, where) {
  const validity = there === null ? null : pack(there);
  return results.map((field, place) =>
    kept(field) === "values"
      ? column(outs[place], { ...field, nullable: true }, where)
      : { buffer: { tag: field.type, val: outs[place] }, validity },
  );
}

/** A property. By name it is found faster than by a text. */
const property = (field) =>
  /^[A-Za-z_$][\w$]*$/.test(field.name) ? `.${field.name}` : `[${key(field)}]`;
const key = (field) => JSON.stringify(field.name);
const names = (fields, prefix) => fields.map((_, place) => prefix + place).join(", ");
const emptyRow = (fields) => `{ ${fields.map((field) => `${key(field)}: null`).join(", ")} }`;
const fill = (field, place) => `values${property(field)} = list${place}[row];`;
const pick = (field, place) => `value${place} = result${property(field)};`;

/** How a result is kept: numbers and booleans as they cross, if they are never null. */
function kept({ type, nullable }) {
  if (nullable || type === "utf8" || type === "binary") return "values";
  return type === "boolean" ? "bits" : "numbers";
}

function open(field, place) {
  switch (kept(field)) {
    case "numbers":
      return `var out${place} = new ARRAYS.${field.type}(rows);`;
    case "bits":
      return `var out${place} = new Uint8Array((rows + 7) >> 3);`;
    default:
      return `var out${place} = new Array(rows);`;
  }
}

/** Leaves out the result of a row. */
const skip = (field, place) => (kept(field) === "values" ? `out${place}[row] = null;` : "");

function store(field, place, where) {
  const value = `value${place}`;
  const out = `out${place}`;
  const wrong = `throw misfit(${JSON.stringify(where)}, ${key(field)}, "${field.type}", ${value});`;
  switch (kept(field)) {
    case "numbers":
      if (field.type === "float64" || field.type === "float32") {
        // Anything but a number is something else as a number; `typeof` is slower.
        return `if (${value} !== +${value} && ${value} === ${value}) ${wrong} ${out}[row] = ${value};`;
      }
      return `${out}[row] = ${value}; if (${out}[row] !== ${value}) ${wrong}`;
    case "bits":
      return `if (${value} === true) ${out}[row >> 3] |= 1 << (row & 7); else if (${value} !== false) ${wrong}`;
    default:
      if (field.nullable) return `${out}[row] = ${value} === undefined ? null : ${value};`;
      return `if (${value} === null || ${value} === undefined) ${wrong} ${out}[row] = ${value};`;
  }
}

function made(parameters, source) {
  const loop = new Function("ARRAYS", "RowError", "misfit", `return (${parameters.join(", ")}) => {${source}\n};`);
  return loop(ARRAYS, RowError, misfit);
}
