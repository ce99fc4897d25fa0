// The types of columns, as descriptions name them: `"float64"`, or `"float64?"` where there may be nulls.

const TYPES = ["boolean", "int32", "int64", "float32", "float64", "timestamp", "utf8", "binary"];

/** The columns of `{ name: type }`. */
export function fields(described, where) {
  if (described === null || typeof described !== "object") {
    throw new TypeError(`${where}: expected columns, as in \`{ value: "float64" }\``);
  }
  return Object.entries(described).map(([name, given]) => field(name, given, where));
}

/** One column. */
export function field(name, given, where) {
  const nullable = typeof given === "string" && given.endsWith("?");
  const type = nullable ? given.slice(0, -1) : given;
  if (!TYPES.includes(type)) {
    const known = TYPES.join(", ");
    throw new TypeError(
      `${where}: \`${name}\` cannot be \`${given}\`; there are ${known}, with a \`?\` if there may be nulls`,
    );
  }
  return { name, type, nullable };
}
