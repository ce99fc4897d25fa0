// The code of functions without a state, and the loop over the rows that those with a state share.

import { restore, save } from "./states.mjs";

/** How many rows a loop over plain numbers computes between two looks at the deadline, which cost more than a row. */
const BLOCK = 16;

/** The value of a row. */
export function valueAt({ column }, input, row) {
  return `${input}.get${column.access}<${column.plain}>(${row})`;
}

/** The statement that adds a value. */
export function push({ column }, output, value) {
  return `${output}.push${column.access}<${column.plain}>(${value});`;
}

/** The statements that open the columns of arguments, as tm_p0, tm_p1 and so on. */
export function inputs(columns, place = "columns", prefix = "tm_p") {
  return columns.map((_, index) => `const ${prefix}${index} = new Input(${place}, ${index});`).join("\n  ");
}

/** The statements that empty the columns of results, as tm_r0, tm_r1 and so on. */
export function results(entry, rows) {
  const opened = entry.results.map((_, index) => `const tm_r${index} = unchecked(tm_results${entry.place}[${index}]);\n  tm_r${index}.reset(${rows});`);
  return opened.join("\n  ");
}

/** The statements that add the results that are in a variable. */
export function pushAll(entry, variable) {
  return entry.results.map((result, index) => push(result, `tm_r${index}`, entry.isRow ? `${variable}.${result.field}` : variable)).join(" ");
}

/** The statements that add a row without values. */
export function pushNulls(entry) {
  return entry.results.map(({ column }, index) => `tm_r${index}.pushNull<${column.plain}>();`).join(" ");
}

function call(entry, values) {
  return `${entry.declared}(${values.join(", ")})`;
}

function values(entry) {
  return entry.parameters.map((parameter, index) => valueAt(parameter, `tm_p${index}`, "row"));
}

export function scalarCode(entry) {
  return `
function tm_call${entry.place}(rows: i32, columns: usize, count: i32): usize {
  if (!open(tm_parameters${entry.place}, columns, count, rows)) return refusedCall();
  ${inputs(entry.parameters)}
  ${results(entry, "rows")}
  ${fast(entry)}
  for (let row = 0; row < rows; row++) {
    if (!present(row)) { ${pushNulls(entry)} continue; }
    const tm_y = ${call(entry, values(entry))};
    if (hasFailed()) { refuse(row); ${pushNulls(entry)} continue; }
    ${pushAll(entry, "tm_y")}
  }
  return answerRows(tm_results${entry.place});
}`;
}

/** A loop for functions from numbers to a number or boolean, for batches without nulls. If a row fails, the batch is computed once more, row by row. */
function fast(entry) {
  const [{ column }] = entry.results;
  const isPlain = column.isNumber || (column.type === 0 && !column.nullable);
  if (entry.isRow || !isPlain || entry.parameters.length === 0 || !entry.parameters.every((parameter) => parameter.column.isNumber)) return "";
  const argument = ({ column }, index, row) => `load<${column.plain}>(tm_q${index}, ${row} * sizeof<${column.plain}>())`;
  const value = (row) => call(entry, entry.parameters.map((parameter, index) => argument(parameter, index, row)));
  const places = entry.parameters.map(({ column }, index) => `const tm_q${index} = tm_p${index}.numbers + <usize>row * sizeof<${column.plain}>();`).join(" ");
  const rows = [...Array(BLOCK).keys()];
  const [fill, block, single] = column.isNumber
    ? [
        `tm_r0.fill<${column.plain}>(rows)`,
        `const tm_z = tm_y + <usize>row * sizeof<${column.plain}>();\n      ` +
          rows.map((row) => `store<${column.plain}>(tm_z, ${value(row)}, ${row} * sizeof<${column.plain}>());`).join("\n      "),
        `store<${column.plain}>(tm_y + <usize>row * sizeof<${column.plain}>(), ${value(0)});`,
      ]
    : [
        "tm_r0.fillBits(rows)",
        `let tm_z: u32 = 0;\n      ${rows.map((row) => `tm_z |= <u32>${value(row)} << ${row};`).join("\n      ")}\n      store<u16>(tm_y + (row >> 3), <u16>tm_z);`,
        `const tm_z = tm_y + (row >> 3); store<u8>(tm_z, load<u8>(tm_z) | (<u8>${value(0)} << <u8>(row & 7)));`,
      ];
  return `if (mask == 0) {
    const tm_y = ${fill};
    let row = 0;
    for (; row + ${BLOCK} <= rows; row += ${BLOCK}) {
      ${places}
      ${block}
    }
    for (; row < rows; row++) {
      ${places}
      ${single}
    }
    if (!hasFailed()) return answerRows(tm_results${entry.place});
    takeFailure();
    tm_r0.reset(rows);
  }`;
}

/** A function that is given whole columns. */
export function columnarCode(entry) {
  const kinds = { i32: "Int32Array", i64: "Int64Array", f32: "Float32Array", f64: "Float64Array" };
  const [{ column }] = entry.results;
  const gather = entry.parameters.map(({ column }, index) => `
  const tm_a${index} = new ${kinds[column.plain]}(kept);
  if (mask == 0) memory.copy(tm_a${index}.dataStart, tm_p${index}.numbers, <usize>rows * sizeof<${column.plain}>());
  else for (let row = 0, at = 0; row < rows; row++) if (present(row)) unchecked(tm_a${index}[at++] = tm_p${index}.get<${column.plain}>(row));`);
  return `
function tm_call${entry.place}(rows: i32, columns: usize, count: i32): usize {
  if (!open(tm_parameters${entry.place}, columns, count, rows)) return refusedCall();
  ${inputs(entry.parameters)}
  ${results(entry, "rows")}
  let kept = 0;
  for (let row = 0; row < rows; row++) kept += <i32>present(row);
  ${gather.join("")}
  const tm_y = ${call(entry, entry.parameters.map((_, index) => `tm_a${index}`))};
  if (hasFailed()) return failedCall();
  if (tm_y.length != kept) return failed(tm_y.length.toString() + " results for " + kept.toString() + " rows");
  if (mask == 0) memory.copy(tm_r0.fill<${column.plain}>(rows), tm_y.dataStart, <usize>rows * sizeof<${column.plain}>());
  else for (let row = 0, at = 0; row < rows; row++) {
    if (present(row)) tm_r0.push<${column.plain}>(unchecked(tm_y[at++]));
    else tm_r0.pushNull<${column.plain}>();
  }
  return answerRows(tm_results${entry.place});
}`;
}

export function holisticCode(entry) {
  const arrays = entry.parameters.map(({ column }, index) => `const tm_a${index} = new Array<${column.spelled}>(kept);`);
  const fills = entry.parameters.map((parameter, index) => `unchecked(tm_a${index}[at] = ${valueAt(parameter, `tm_p${index}`, "row")});`);
  return `
function tm_evaluate${entry.place}(groupRows: i32, groups: usize, groupCount: i32, rows: i32, columns: usize, count: i32): usize {
  if (!open(tm_parameters${entry.place}, columns, count, rows)) return refusedCall();
  if (!openGroups(groups, groupCount, rows, groupRows)) return refusedCall();
  ${inputs(entry.parameters)}
  ${results(entry, "groupRows")}
  let first = 0;
  for (let group = 0; group < groupRows; group++) {
    let after = first, kept = 0;
    for (; after < rows && load<u32>(groups + ((<usize>after) << 2)) == group; after++) kept += <i32>present(after);
    ${arrays.join("\n    ")}
    for (let row = first, at = 0; row < after; row++) {
      if (!present(row)) continue;
      ${fills.join("\n      ")}
      at++;
    }
    first = after;
    const tm_y = ${call(entry, entry.parameters.map((_, index) => `tm_a${index}`))};
    if (hasFailed()) { refuse(group); ${pushNulls(entry)} continue; }
    ${pushAll(entry, "tm_y")}
  }
  return answerRows(tm_results${entry.place});
}`;
}

/** A function that makes any number of rows of a row. */
export function emittingCode(entry) {
  const { state, place } = entry;
  const add = `${pushAll(entry, "tm_y")} parents.push<u32>(row);`;
  const adds = entry.isMany ? `for (let tm_i = 0; tm_i < tm_rows.length; tm_i++) { const tm_y = unchecked(tm_rows[tm_i]); ${add} }` : add;
  const called = `${entry.isVoid ? "" : `const ${entry.isMany ? "tm_rows" : "tm_y"} = `}${call(entry, state ? ["tm_state", ...values(entry)] : values(entry))};`;
  const head = state
    ? `function tm_process${place}(stateRows: i32, stateColumns: usize, stateCount: i32, groups: usize, groupCount: i32, rows: i32, columns: usize, count: i32): usize {
  if (!openState(tm_fields${state.name}, stateColumns, stateCount, stateRows)) return refusedCall();
  const tm_states = tm_load${state.name}(stateColumns, stateRows);
  if (!open(tm_parameters${place}, columns, count, rows) || !openGroups(groups, groupCount, rows, stateRows)) return refusedCall();`
    : `function tm_call${place}(rows: i32, columns: usize, count: i32): usize {
  if (!open(tm_parameters${place}, columns, count, rows)) return refusedCall();`;
  const answer = state
    ? `tm_store${state.name}(tm_states);\n  return answerProcess(stateRows, tm_outputs${state.name}, tm_results${place});`
    : `return answerTable(tm_results${place});`;
  return `
${head}
  ${inputs(entry.parameters)}
  ${results(entry, "rows")}
  for (let row = 0; row < rows; row++) {
    if (!present(row)) continue;
    ${state ? `const tm_state = unchecked(tm_states[load<u32>(groups + ((<usize>row) << 2))]);\n    ${save(state)}` : ""}
    ${called}
    if (hasFailed()) { refuse(row); ${state ? restore(state) : ""} continue; }
    ${adds}
  }
  ${answer}
}${state ? initAndMigrate(entry) : ""}`;
}

/** The functions that make states. */
export function initAndMigrate({ state, place }) {
  const steps = [];
  let chain = [];
  for (let source = state; source; source = source.previous) {
    let code = `if (!openVersion(version, fields, fieldCount, tm_fields${source.name}, columns, count, rows)) return refusedCall();
      let tm_v${source.version} = tm_load${source.name}(columns, rows);`;
    let from = source;
    for (const next of chain.toReversed()) {
      code += `
      const tm_v${next.version} = tm_new${next.name}(rows);
      for (let row = 0; row < rows; row++) { unchecked(tm_v${next.version}[row]).migrate(unchecked(tm_v${from.version}[row])); if (hasFailed()) return failedCall(); }`;
      from = next;
    }
    steps.push(`case ${source.version}: {
      ${code}
      tm_store${state.name}(tm_v${state.version});
      break;
    }`);
    chain.push(source);
  }
  return `
function tm_init${place}(rows: i32): usize {
  tm_store${state.name}(tm_new${state.name}(rows));
  return answerBatch(rows, tm_outputs${state.name});
}
function tm_migrate${place}(version: u32, fields: usize, fieldCount: i32, rows: i32, columns: usize, count: i32): usize {
  switch (version) {
    ${steps.join("\n    ")}
    default: return failed("unknown version " + version.toString());
  }
  return answerBatch(rows, tm_outputs${state.name});
}`;
}
