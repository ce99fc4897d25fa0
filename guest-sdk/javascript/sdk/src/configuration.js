// Reads the configuration of a stage.

/**
 * `described` is a function that makes a configuration of what is given, or an object that has all keys and what they
 * are if they are not given. What is given must then be of the same types.
 */
export function configuration(described) {
  if (typeof described === "function") return (text) => described(JSON.parse(text));
  return (text) => merged(JSON.parse(text), described ?? {}, "");
}

function merged(given, defaults, path) {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(defaults, key)) {
      const known = Object.keys(defaults).map((name) => `\`${name}\``).join(", ");
      throw new Error(`\`${path}${key}\` is no key of the configuration; there are ${known || "none"}`);
    }
  }
  const entries = Object.entries(defaults).map(([key, usual]) => {
    if (!Object.hasOwn(given, key)) return [key, usual];
    const value = given[key];
    if (kind(value) !== kind(usual)) {
      const found = JSON.stringify(value);
      throw new Error(`\`${path}${key}\`: expected ${kind(usual)}, found ${found}`);
    }
    return [key, kind(usual) === "an object" ? merged(value, usual, `${path}${key}.`) : value];
  });
  return Object.fromEntries(entries);
}

function kind(value) {
  if (Array.isArray(value)) return "a list";
  if (value === null) return "null";
  return { number: "a number", string: "a text", boolean: "true or false" }[typeof value] ?? "an object";
}
