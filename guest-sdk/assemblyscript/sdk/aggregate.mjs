// The code of aggregates.

import { initAndMigrate, inputs, pushAll, results, valueAt } from "./rows.mjs";
import { restore, save } from "./states.mjs";

export function aggregateCode(entry) {
  const { state, place } = entry;
  const values = entry.parameters.map((parameter, index) => valueAt(parameter, `tm_p${index}`, "row")).join(", ");
  const parameters = "stateRows: i32, stateColumns: usize, stateCount: i32, groups: usize, groupCount: i32, rows: i32, columns: usize, count: i32";
  return `
function tm_update${place}(${parameters}): usize {
  if (!openState(tm_fields${state.name}, stateColumns, stateCount, stateRows)) return refusedCall();
  const tm_states = tm_load${state.name}(stateColumns, stateRows);
  if (!open(tm_parameters${place}, columns, count, rows) || !openGroups(groups, groupCount, rows, stateRows)) return refusedCall();
  ${inputs(entry.parameters)}
  for (let row = 0; row < rows; row++) {
    if (!present(row)) continue;
    const tm_state = unchecked(tm_states[load<u32>(groups + ((<usize>row) << 2))]);
    ${save(state)}
    tm_state.update(${values});
    if (hasFailed()) { refuse(row); ${restore(state)} }
  }
  tm_store${state.name}(tm_states);
  return answerUpdate(stateRows, tm_outputs${state.name});
}
function tm_merge${place}(${parameters}): usize {
  if (!openState(tm_fields${state.name}, stateColumns, stateCount, stateRows)) return refusedCall();
  if (!openState(tm_fields${state.name}, columns, count, rows) || !openGroups(groups, groupCount, rows, stateRows)) return refusedCall();
  const tm_states = tm_load${state.name}(stateColumns, stateRows);
  const tm_others = tm_load${state.name}(columns, rows);
  for (let row = 0; row < rows; row++) {
    unchecked(tm_states[load<u32>(groups + ((<usize>row) << 2))]).merge(unchecked(tm_others[row]));
    if (hasFailed()) return failedCall();
  }
  tm_store${state.name}(tm_states);
  return answerBatch(stateRows, tm_outputs${state.name});
}
function tm_finish${place}(rows: i32, columns: usize, count: i32): usize {
  if (!openState(tm_fields${state.name}, columns, count, rows)) return refusedCall();
  const tm_states = tm_load${state.name}(columns, rows);
  ${results(entry, "rows")}
  for (let row = 0; row < rows; row++) {
    const tm_y = unchecked(tm_states[row]).finish();
    if (hasFailed()) return failedCall();
    ${pushAll(entry, "tm_y")}
  }
  return answerBatch(rows, tm_results${place});
}${initAndMigrate(entry)}`;
}
