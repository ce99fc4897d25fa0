// The types that columns have, as they are written in AssemblyScript.

const PLAIN = {
  bool: { type: 0, plain: "bool" },
  boolean: { type: 0, plain: "bool" },
  i32: { type: 1, plain: "i32" },
  i64: { type: 2, plain: "i64" },
  f32: { type: 3, plain: "f32" },
  f64: { type: 4, plain: "f64" },
  number: { type: 4, plain: "f64" },
  Timestamp: { type: 5, plain: "i64" },
  string: { type: 6, plain: "string" },
  Uint8Array: { type: 7, plain: "Uint8Array" },
};

const ARRAYS = { Int32Array: "i32", Int64Array: "i64", Float32Array: "f32", Float64Array: "f64" };

export const HINT =
  "use bool, i32, i64, f32, f64, Timestamp, string or Uint8Array; Nullable<f64> for a number that may be missing, `string | null` for text";

/** The type of a column that `text` is, or undefined. `isNumber` says that its values stand in memory as they are. */
export function columnType(text) {
  const either = text.split("|").map((part) => part.trim());
  if (either.length === 2 && either.includes("null")) {
    const found = PLAIN[either.find((part) => part !== "null")];
    return found && found.type >= 6 ? nullable(found, "OrNull", `${found.plain} | null`) : undefined;
  }
  const inner = /^Nullable<\s*(\w+)\s*>$/.exec(text);
  if (inner) {
    const found = PLAIN[inner[1]];
    return found && found.type < 6 ? nullable(found, "Nullable", `Nullable<${found.plain}>`) : undefined;
  }
  const found = Object.hasOwn(PLAIN, text) ? PLAIN[text] : undefined;
  return found && { ...found, nullable: false, access: "", spelled: found.plain, isNumber: found.type > 0 && found.type < 6 };
}

function nullable(found, access, spelled) {
  return { ...found, nullable: true, access, spelled, isNumber: false };
}

/** What stands in an array, or undefined. */
export function itemOf(text) {
  const inner = /^(.*)\[\]$/s.exec(text) ?? /^Array<(.*)>$/s.exec(text);
  return inner?.[1].trim().replace(/^\((.*)\)$/s, "$1").trim();
}

/** The type of the column that a typed array is, or undefined. */
export function typedItem(text) {
  return Object.hasOwn(ARRAYS, text) ? columnType(ARRAYS[text]) : undefined;
}
