// What the host calls, without a component around it: `node --test tests/*.test.js` in `guest-sdk/javascript`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { column, valuesOrNull } from "../sdk/src/columns.js";
import { RowError, aggregate, holistic, library, process, scalar, table } from "../sdk/src/tidemill.js";

const described = library({
  config: { threshold: 30, names: [], limits: { rows: 1 } },
  functions: [
    scalar({ name: "is_hot", params: { temperature: "float64" }, returns: "boolean" }, ({ temperature }, config) => temperature > config.threshold),
    scalar({ name: "divide", params: { a: "int64", b: "int64" }, returns: { quotient: "int64" } }, ({ a, b }) => {
      if (b === 0n) throw new RowError("division by zero");
      return a / b;
    }),
    scalar({ name: "same", params: { i: "int32?", s: "utf8?", y: "binary?" }, returns: { i: "int32?", s: "utf8?", y: "binary?" } }, (row) => row),
    scalar({ name: "wrong", params: { a: "int64" }, returns: "float64" }, () => undefined),
    scalar({ name: "double", params: { a: "int64" }, returns: "int64" }, ({ a }) => a * 2n),
    scalar({ name: "less_mean", params: { value: "float64" }, returns: "float64", columns: true }, ({ value }) => {
      const mean = value.reduce((sum, one) => sum + one, 0) / value.length;
      return value.map((one) => one - mean);
    }),
    scalar({ name: "answer", returns: "int32" }, () => 42),
    table({ name: "words", params: { line: "utf8" }, returns: { word: "utf8", position: "int32" } }, function* ({ line }) {
      let position = 0;
      for (const word of line.split(" ")) {
        if (word === "!") throw new RowError("loud");
        if (word !== "") yield { word, position: position++ };
      }
    }),
    aggregate(
      {
        name: "total",
        params: { value: "float64" },
        returns: "float64?",
        state: { sum: "float64", count: "int64" },
        version: 2,
        migrate: { 1: ({ sum }) => ({ sum, count: 1n }) },
      },
      {
        update(state, { value }) {
          state.count++;
          if (value < 0) throw new RowError("negative");
          state.sum += value;
        },
        merge(state, other) {
          state.sum += other.sum;
          state.count += other.count;
        },
        finish: ({ sum, count }) => (count === 0n ? null : sum),
      },
    ),
    holistic({ name: "middle", params: { value: "float64" }, returns: "float64?" }, ({ value }) =>
      value.length === 0 ? null : value.toSorted()[value.length >> 1],
    ),
    process({ name: "counted", params: { amount: "int64" }, returns: { rows: "int64" }, state: { rows: "int64" } }, function* (state, { amount }) {
      state.rows++;
      yield state.rows;
      if (amount < 0n) throw new RowError("negative");
    }),
  ],
});

const find = (name) => described.functions.find((one) => one.name === name);

/** A batch as it crosses: numbers are bytes. */
function batch(name, ...lists) {
  const columns = lists.map((values, place) => sent(column(values, { ...find(name).parameters[place], nullable: true }, name)));
  return { rows: lists[0]?.length ?? 0, columns };
}

function sent({ buffer: { tag, val }, validity }) {
  if (val.offsets) val = { offsets: bytes(val.offsets), data: val.data };
  return { buffer: { tag, val: ArrayBuffer.isView(val) ? bytes(val) : val }, validity };
}

const again = ({ rows, columns }) => ({ rows, columns: columns.map(sent) });
const bytes = (array) => new Uint8Array(array.buffer.slice(array.byteOffset, array.byteOffset + array.byteLength));
const places = (...rows) => bytes(Uint32Array.from(rows));

const results = (name, columns, rows) =>
  columns.map((one, place) => Array.from(valuesOrNull(sent(one), find(name).results[place].type, rows)));

function call(name, ...lists) {
  const given = batch(name, ...lists);
  const { columns, errors } = find(name).call({ threshold: 30 }, given);
  return { found: results(name, columns, given.rows), errors };
}

test("a row that lacks a value has no result", () => {
  assert.deepEqual(call("divide", [7n, null, 9n], [2n, 1n, null]), { found: [[3n, null, null]], errors: [] });
});

test("errors refuse their rows and the others go on", () => {
  const { found, errors } = call("divide", [7n, 1n, null, 9n, 1n], [2n, 0n, 0n, 3n, 0n]);
  assert.deepEqual([found[0][0], found[0][2], found[0][3]], [3n, null, 3n]);
  assert.deepEqual(errors, [
    { row: 1, message: "division by zero" },
    { row: 4, message: "division by zero" },
  ]);
});

test("values of all lengths come back as they were", () => {
  const texts = ["", "aß", null, "日本", "😀"];
  const binaries = [Uint8Array.of(), null, Uint8Array.of(0, 255), Uint8Array.of(1), Uint8Array.of(2)];
  const { found } = call("same", [1, null, -(2 ** 31), 3, 4], texts, binaries);
  assert.deepEqual(found, [[1, null, -(2 ** 31), 3, 4], texts, binaries]);
});

test("what does not fit is a mistake", () => {
  assert.throws(() => call("wrong", [1n]), /function `wrong` has given undefined for `wrong`, which is `float64`/);
  assert.throws(() => call("double", [2n ** 62n]), /has given 9223372036854775808n/);
});

test("booleans are bits", () => {
  const { found } = call("is_hot", Array.from({ length: 20 }, (_, row) => row * 3));
  assert.deepEqual(found[0], Array.from({ length: 20 }, (_, row) => row > 10));
});

test("columns are those without nulls", () => {
  assert.deepEqual(call("less_mean", [1, null, 3]).found, [[-1, null, 1]]);
});

test("a function may take nothing", () => {
  const { columns } = find("answer").call({}, { rows: 3, columns: [] });
  assert.deepEqual(results("answer", columns, 3), [[42, 42, 42]]);
});

test("rows know what they come from, and a refused row leaves nothing", () => {
  const { columns, parents, errors } = find("words").call({}, batch("words", ["a b", null, "c !", "d"]));
  assert.deepEqual(results("words", columns, 3), [["a", "b", "d"], [0, 1, 0]]);
  assert.deepEqual(Array.from(parents), [0, 0, 3]);
  assert.deepEqual(errors, [{ row: 2, message: "loud" }]);
});

test("a refused row changes no accumulator", () => {
  const total = find("total");
  const given = batch("total", [1, 2, -1, 4, -1, null, 8]);
  const { accumulators, errors } = total.update(again(total.states.begin(2)), places(0, 1, 0, 0, 1, 0, 1), given);
  assert.deepEqual(total.states.load(again(accumulators)), [
    { sum: 5, count: 2n },
    { sum: 10, count: 2n },
  ]);
  assert.deepEqual(errors.map(({ row }) => row), [2, 4]);
});

test("accumulators merge and finish", () => {
  const total = find("total");
  const partials = total.states.store([
    { sum: 1, count: 1n },
    { sum: 2, count: 1n },
  ]);
  const merged = total.merge(again(total.states.begin(2)), places(1, 1), again(partials));
  assert.deepEqual(results("total", total.finish(again(merged)).columns, 2), [[null, 3]]);
});

test("older versions are converted, and no other", () => {
  const { states } = find("total");
  const fields = [{ name: "sum", dataType: "float64", nullable: false }];
  const old = again({ rows: 1, columns: [column([2.5], { name: "sum", type: "float64" }, "old")] });
  assert.deepEqual(states.load(again(states.migrate(1, fields, old))), [{ sum: 2.5, count: 1n }]);
  assert.throws(() => states.migrate(7, fields, old), /^Error: unknown version 7$/);
});

test("groups may be empty", () => {
  const { columns } = find("middle").evaluate({}, 3, places(0, 0, 0, 2), batch("middle", [3, 1, 2, null]));
  assert.deepEqual(results("middle", columns, 3), [[2, null, null]]);
});

test("a refused row changes no state", () => {
  const counted = find("counted");
  const given = batch("counted", [1n, -1n, 1n, 1n]);
  const { state, columns, parents, errors } = counted.process({}, again(counted.states.begin(2)), places(0, 0, 1, 0), given);
  assert.deepEqual(counted.states.load(again(state)), [{ rows: 2n }, { rows: 1n }]);
  assert.deepEqual(results("counted", columns, 3), [[1n, 1n, 2n]]);
  assert.deepEqual([Array.from(parents), errors], [[0, 2, 3], [{ row: 1, message: "negative" }]]);
});

test("a configuration has the keys and types that it should", () => {
  const { configure } = described;
  assert.deepEqual(configure('{"threshold": 3}'), { threshold: 3, names: [], limits: { rows: 1 } });
  assert.throws(() => configure('{"treshold": 3}'), /`treshold` is no key of the configuration; there are `threshold`/);
  assert.throws(() => configure('{"threshold": "3"}'), /`threshold`: expected a number, found "3"/);
  assert.throws(() => configure('{"limits": {"row": 1}}'), /`limits.row` is no key/);
});

test("what is no column is told", () => {
  const odd = () => scalar({ name: "odd", params: { a: "int" }, returns: "int64" }, () => 1n);
  assert.throws(odd, /function `odd`: `a` cannot be `int`; there are boolean, int32/);
});
