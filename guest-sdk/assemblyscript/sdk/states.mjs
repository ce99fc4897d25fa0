// The code that reads, writes and undoes states.

import { inputs, push, valueAt } from "./rows.mjs";
import { fields, outputs } from "./writer.mjs";

export function stateCode(state) {
  const { name } = state;
  const columns = state.fields;
  const loads = columns.map((column, index) => `tm_state.${column.field} = ${valueAt(column, `tm_p${index}`, "row")};`);
  const resets = columns.map((_, index) => `const tm_r${index} = unchecked(tm_outputs${name}[${index}]);\n  tm_r${index}.reset(tm_states.length);`);
  const stores = columns.map((column, index) => push(column, `tm_r${index}`, `tm_state.${column.field}`));
  return `
${fields(`tm_fields${name}`, columns)}
${outputs(`tm_outputs${name}`, columns)}
function tm_new${name}(rows: i32): ${name}[] {
  const tm_states = new Array<${name}>(rows);
  for (let row = 0; row < rows; row++) unchecked(tm_states[row] = new ${name}());
  return tm_states;
}
function tm_load${name}(columns: usize, rows: i32): ${name}[] {
  const tm_states = tm_new${name}(rows);
  ${inputs(columns)}
  for (let row = 0; row < rows; row++) {
    const tm_state = unchecked(tm_states[row]);
    ${loads.join("\n    ")}
  }
  return tm_states;
}
function tm_store${name}(tm_states: ${name}[]): void {
  ${resets.join("\n  ")}
  for (let row = 0; row < tm_states.length; row++) {
    const tm_state = unchecked(tm_states[row]);
    ${stores.join("\n    ")}
  }
}`;
}

/** Keeps the fields of tm_state. Text and what may be null do not change; bytes may. */
export function save(state) {
  const saves = state.fields.map(({ field, column }, index) => {
    const copy = column.type !== 7 ? "" : column.nullable ? `; if (tm_b${index} !== null) tm_state.${field} = tm_b${index}.slice()` : `; tm_state.${field} = tm_b${index}.slice()`;
    return `const tm_b${index} = tm_state.${field}${copy};`;
  });
  return saves.join(" ");
}

/** Puts them back. */
export function restore(state) {
  return state.fields.map(({ field }, index) => `tm_state.${field} = tm_b${index};`).join(" ");
}
