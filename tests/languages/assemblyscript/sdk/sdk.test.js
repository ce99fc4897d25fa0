// The mistakes that are made on a first try, and what is said of them and where; the configuration. Run it where the
// compiler is installed: `node --test PATH/TO/assemblyscript/sdk`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import Transform from "../../../../guest-sdk/assemblyscript/sdk/transform.mjs";

const { default: asc } = await import(pathToFileURL(resolve("node_modules/assemblyscript/dist/asc.js")));
const lib = join(dirname(fileURLToPath(import.meta.url)), "../../../../guest-sdk/assemblyscript/sdk/lib");

/** Compiles a library of one file; gives back what is said of it, and hands on the module. */
async function compile(source, write = () => {}) {
  const options = ["--lib", lib, "--outFile", "a.wasm", "--exportStart", "_initialize", "--runtime", "minimal", "--disableWarning", "235"];
  const aliases = ["--use", "abort=tidemill_abort", "--use", "seed=tidemill_seed"];
  const { error, stderr } = await asc.main(["src/a.ts", ...options, ...aliases], {
    transforms: [Transform],
    readFile: (name, base) => (name === "src/a.ts" ? source : readFile(resolve(base, name), "utf8").catch(() => null)),
    writeFile: (_, binary) => write(binary),
  });
  return `${error?.message ?? ""}\n${stderr}`;
}

const MISTAKES = [
  ["export function f(a: f64): f64 { return a; }", "no function has a tag such as `@scalar` in the comment above it"],
  ["/** @scalar */\nfunction f(a: f64): f64 { return a; }", "src/a.ts:2: write `export` before `f`"],
  ["/** @scalar */\nexport function f(a: u8): f64 { return 0; }", "src/a.ts:2: `a: u8` cannot be a column here; use bool, i32,"],
  ["/** @scalar */\nexport function f(a: f64 | null): f64 { return 0; }", "Nullable<f64> for a number that may be missing"],
  ["/** @scalar nam=b */\nexport function f(a: f64): f64 { return a; }", "`@scalar` takes no `nam`"],
  ["/** @scalar */\nexport function f(a: f64): f64[] { return [a]; }", "one of `@table` returns an array of them"],
  ["/** @table */\nexport function f(a: f64): f64 { return a; }", "a table function returns an array of its rows"],
  ["/** @holistic */\nexport function f(a: f64): f64 { return a; }", "`a: f64` cannot be a column here"],
  ["/** @process */\nexport function f(a: f64): f64 { return a; }", "the first parameter of a process function is the state"],
  ["/** @aggregate */\nexport class A { sum: f64 = 0; }", "an aggregate has the methods `update(value: …): void`"],
  ["/** @aggregate */\nexport function f(a: f64): f64 { return a; }", "`@aggregate` belongs above a class"],
  ["/** @scalar */\nexport class A { sum: f64 = 0; }", "`@scalar` belongs above a function"],
  ["/** @config */\nexport const threshold: f64 = 1;", "`@config` belongs above a variable such as `export const config = new Config()`"],
  ["export class S { list: i32[] = []; }\n/** @process */\nexport function f(s: S): i32 { return 0; }", "`list: i32[]` cannot be a column"],
  ["class T { a: i32; }\nexport class S extends T { b: i32; }\n/** @process */\nexport function f(s: S): i32 { return 0; }", "extends no other"],
  ["/** @scalar */\nexport function f(a: f64): f64 { console.log(\"a\"); return a; }", "`console.log` is not there in a library of Tidemill; to write to the log, use `info`"],
];

for (const [source, expected] of MISTAKES) {
  test(expected, async () => {
    const said = await compile(source);
    assert.ok(said.includes(expected), said);
  });
}

test("what is right is compiled, whatever order and form it has", async () => {
  const said = await compile(`import { Nullable, Timestamp, fail, none, some } from "tidemill";
/** Later. @scalar is not a tag here.
 * @scalar name=later
 */
export function addSecond(t: Timestamp, s: string | null): Timestamp { return s === null ? fail<i64>("no") : t + 1000000; }
/** @scalar */
export function doubled(a: Float64Array, b: Int64Array): Float64Array {
  for (let i = 0; i < a.length; i++) a[i] *= <f64>b[i];
  return a;
}
class Row { constructor(public a: Uint8Array, public b: bool) {} }
class S { bytes: Uint8Array | null = null; data: Uint8Array = new Uint8Array(0); last: Nullable<bool> = none<bool>(); }
`.replace("class S", "export class S") + `
/** @process */
export function seen(s: S, a: Uint8Array): Row[] { s.bytes = a; s.last = some<bool>(true); return [new Row(a, true)]; }
/** @process */
export function count(s: S): void { s.data = new Uint8Array(s.data.length + 1); }
/** @holistic */
export function joined(a: string[], b: Nullable<f64>[], c: (string | null)[]): string { return a.join(","); }
`);
  assert.equal(said.trim(), "");
});

const CONFIGURED = `import { fail } from "tidemill";
class Config {
  threshold: f64 = 30.0;
  maxRows: i32 = 5;
  unit: string = "C";
  isStrict: bool = false;
  validate(): void { if (this.maxRows < 0) fail("negative rows"); }
}
/** @config */
export const config = new Config();
/** @scalar */
export function f(a: f64): f64 { return a; }
`;

const CONFIGURATIONS = [
  ["{}", ""],
  [' {"threshold": -1.5e2, "max_rows": 7, "unit": "a\\"\\u00fc\\n\\\\", "is_strict": true} ', ""],
  ['{"treshold": 1}', "the configuration does not fit: unknown key `treshold`, expected `threshold`, `max_rows`, `unit`, `is_strict`"],
  ['{"threshold": "high"}', "`threshold` is not a number"],
  ['{"threshold": null}', "`threshold` is not a number"],
  ['{"max_rows": 1.5}', "`max_rows` is not a whole number that fits"],
  ['{"max_rows": 3000000000}', "`max_rows` is not a whole number that fits"],
  ['{"max_rows": -1}', "negative rows"],
  ['{"unit": 1}', "`unit` is not text"],
  ['{"is_strict": 1}', "`is_strict` is not true or false"],
  ['{"unit": "a', "no JSON object"],
  ['{"max_rows" 1}', "no JSON object"],
  ["[]", "no JSON object"],
];

test("a configuration is read, or refused with its key", async () => {
  let binary;
  assert.equal((await compile(CONFIGURED, (content) => (binary = content))).trim(), "");
  const module = await WebAssembly.compile(binary);
  for (const [text, expected] of CONFIGURATIONS) {
    const { exports } = await WebAssembly.instantiate(module, { "tidemill:udf/log@0.1.0": { write() {} } });
    exports._initialize();
    const bytes = new TextEncoder().encode(text);
    const place = exports.cabi_realloc(0, 0, 1, bytes.length);
    new Uint8Array(exports.memory.buffer).set(bytes, place);
    const answer = exports["tidemill:udf/catalog@0.1.0#configure"](place, bytes.length);
    const [refused, at, length] = new Uint32Array(exports.memory.buffer, answer, 3);
    const said = refused ? new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, length)) : "";
    assert.ok(expected === "" ? said === "" : said.includes(expected), `of ${text} it is said: ${said}, want ${expected}`);
  }
});
