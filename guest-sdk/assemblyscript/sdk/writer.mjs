// Writes the code that makes the functions of a library callable by the host. Its names begin with tm_, so that
// they do not clash with those of the author.

import { aggregateCode } from "./aggregate.mjs";
import { columnarCode, emittingCode, holisticCode, scalarCode } from "./rows.mjs";
import { stateCode } from "./states.mjs";

const WORLD = "tidemill:udf/";
const FLAT_BATCH = "rows: i32, columns: usize, count: i32";
const STATES = "stateRows: i32, stateColumns: usize, stateCount: i32, groups: usize, groupCount: i32";

/** The functions of the contract: interface, name, parameters after the function, the kind, and how many rows the call has. */
const CALLS = [
  ["scalar", "call", FLAT_BATCH, 0, "rows"],
  ["table", "call", FLAT_BATCH, 1, "rows"],
  ["aggregate", "init", "rows: i32", 2, "rows"],
  ["aggregate", "update", `${STATES}, ${FLAT_BATCH}`, 2, "rows + stateRows"],
  ["aggregate", "merge", `${STATES}, ${FLAT_BATCH}`, 2, "rows + stateRows"],
  ["aggregate", "finish", FLAT_BATCH, 2, "rows"],
  ["aggregate", "migrate", `version: u32, fields: usize, fieldCount: i32, ${FLAT_BATCH}`, 2, "rows"],
  ["holistic", "evaluate", `groupRows: i32, groups: usize, groupCount: i32, ${FLAT_BATCH}`, 3, "rows + groupRows"],
  ["process", "init", "rows: i32", 4, "rows"],
  ["process", "process", `${STATES}, ${FLAT_BATCH}`, 4, "rows + stateRows"],
  ["process", "migrate", `version: u32, fields: usize, fieldCount: i32, ${FLAT_BATCH}`, 4, "rows"],
];

/** The names of all exports, and those of the functions that they are. */
export const EXPORTS = [
  ["cabi_realloc", "tm_realloc"],
  [`${WORLD}catalog@0.1.0#configure`, "tm_configure"],
  ...CALLS.map(([face, name]) => [`${WORLD}${face}@0.1.0#${name}`, `tm_${face}_${name}`]),
];

const HEAD = `
import { Nullable, hasFailed, takeFailure } from "tidemill";
import { Entry, answerBatch, answerCatalog, answerProcess, answerRows, answerTable, answerUpdate, beginAnswer, failed,
  failedCall, parents, refuse, refusedCall } from "tidemill/answer";
import { Field, Input, Output, mask, open, openGroups, openState, openVersion, present } from "tidemill/columns";
import { ConfigReader } from "tidemill/config";
import { allocate, begin, end } from "tidemill/memory";

export function tm_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  return allocate(old, oldSize, align, size);
}

let tm_configured: bool = false;

function tm_wrong(place: i32, kind: i32): string {
  if (!tm_configured) return "the library is not configured";
  if (<u32>place >= <u32>tm_entries.length) {
    return "function " + place.toString() + " of a library that has " + tm_entries.length.toString();
  }
  if (tm_entries[place].kind == kind) return "";
  const kinds = ["scalar", "table", "aggregate", "holistic", "process"];
  return "function " + place.toString() + " is not of the kind " + kinds[kind];
}
`;

/** The added file. */
export function write(library) {
  const code = [HEAD];
  const files = new Map();
  for (const [name, file] of library.imports) files.set(file, [...(files.get(file) ?? []), name]);
  for (const [file, names] of files) code.push(`import { ${names.join(", ")} } from "./${file}";`);
  for (const state of library.states) code.push(stateCode(state));
  const entries = [];
  library.entries.forEach((entry, place) => {
    entry.place = place;
    code.push(fields(`tm_parameters${place}`, entry.parameters), fields(`tm_fields${place}`, entry.results), outputs(`tm_results${place}`, entry.results));
    code.push(body(entry));
    const { state } = entry;
    entries.push(
      `new Entry(${JSON.stringify(entry.name)}, ${entry.kind}, ${JSON.stringify(entry.doc)}, tm_parameters${place}, tm_fields${place}, ` +
        `${state ? `tm_fields${state.name}` : "[]"}, ${state ? state.version : 0})`,
    );
  });
  code.push(`const tm_entries: Entry[] = [\n  ${entries.join(",\n  ")},\n];`, configuration(library));
  for (const call of CALLS) code.push(exported(library, call));
  return code.join("\n");
}

function body(entry) {
  if (entry.kind === 2) return aggregateCode(entry);
  if (entry.kind === 3) return holisticCode(entry);
  if (entry.isColumnar) return columnarCode(entry);
  return entry.kind === 0 ? scalarCode(entry) : emittingCode(entry);
}

/** The columns as the catalog has them. */
export function fields(name, columns) {
  const list = columns.map(({ name, column }) => `new Field(${JSON.stringify(name)}, ${column.type}, ${column.nullable})`);
  return `const ${name}: Field[] = [${list.join(", ")}];`;
}

/** The columns that are built. */
export function outputs(name, columns) {
  return `const ${name}: Output[] = [${columns.map(({ column }) => `new Output(${column.type})`).join(", ")}];`;
}

function configuration({ config }) {
  const known = config?.fields.map(({ name }) => `\`${name}\``).join(", ") || "none";
  const reads = { bool: "flag()", string: "text()", f64: "float()", f32: "float()", i32: "integer(i32.MIN_VALUE, i32.MAX_VALUE)", i64: "integer(i64.MIN_VALUE, i64.MAX_VALUE)" };
  const cases = (config?.fields ?? []).map(
    ({ name, field, column }) => `if (reader.key == ${JSON.stringify(name)}) ${config.name}.${field} = <${column.plain}>reader.${reads[column.plain]};\n    else `,
  );
  const validate = config?.validates ? `${config.name}.validate();\n  if (hasFailed()) return failedCall();` : "";
  return `
export function tm_configure(text: usize, length: i32): usize {
  begin();
  beginAnswer();
  const answer = tm_read(String.UTF8.decodeUnsafe(text, length));
  end(0);
  return answer;
}
function tm_read(text: string): usize {
  const reader = new ConfigReader(text);
  while (reader.next()) {
    ${cases.join("")}reader.unknown(${JSON.stringify(known)});
  }
  if (reader.problem.length > 0) return failed("the configuration does not fit: " + reader.problem);
  ${validate}
  tm_configured = true;
  return answerCatalog(tm_entries);
}`;
}

/** An export of the contract, which finds the function that is meant. */
function exported(library, [face, name, parameters, kind, rows]) {
  const values = parameters.split(",").map((parameter) => parameter.split(":")[0].trim()).join(", ");
  const cases = library.entries
    .filter((entry) => entry.kind === kind)
    .map((entry) => `case ${entry.place}: return tm_${name}${entry.place}(${values});`);
  return `
export function tm_${face}_${name}(place: i32, ${parameters}): usize {
  begin();
  beginAnswer();
  const answer = tm_find_${face}_${name}(place, ${values});
  end(${rows});
  return answer;
}
function tm_find_${face}_${name}(place: i32, ${parameters}): usize {
  const wrong = tm_wrong(place, ${kind});
  if (wrong.length > 0) return failed(wrong);
  switch (place) {
    ${cases.join("\n    ")}
    default: return failed(wrong);
  }
}`;
}
