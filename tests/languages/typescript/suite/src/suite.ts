// The conformance library: the same functions as in every other language.

import { RowError, aggregate, holistic, library, process, scalar, table } from "tidemill";

const usual = { threshold: 30.0 };

const isHot = scalar(
  {
    name: "is_hot",
    doc: "Is this reading above the threshold?",
    params: { temperature: "float64" },
    returns: "boolean",
  },
  ({ temperature }, config: typeof usual) => temperature > config.threshold,
);

const toFahrenheit = scalar(
  {
    name: "to_fahrenheit",
    doc: "Converts degrees Celsius to degrees Fahrenheit.",
    params: { celsius: "float64" },
    returns: { fahrenheit: "float64" },
  },
  ({ celsius }) => celsius * 1.8 + 32.0,
);

const everything = {
  b: "boolean?",
  i: "int32?",
  l: "int64?",
  f: "float32?",
  d: "float64?",
  t: "timestamp?",
  s: "utf8?",
  y: "binary?",
} as const;

const echo = scalar(
  { name: "echo", doc: "Returns what it got.", params: everything, returns: everything },
  (row) => row,
);

const next = scalar(
  { name: "next", doc: "The number that follows.", params: { l: "int64" }, returns: "int64" },
  ({ l }) => l + 1n,
);

const divide = scalar(
  {
    name: "divide",
    doc: "Divides, and leaves out the fraction.",
    params: { a: "int64", b: "int64" },
    returns: { quotient: "int64" },
  },
  ({ a, b }) => {
    if (b === 0n) throw new RowError("division by zero");
    return a / b;
  },
);

const shout = scalar(
  { name: "shout", doc: "Adds an exclamation mark.", params: { text: "utf8" }, returns: "utf8" },
  ({ text }) => text + "!",
);

const crash = scalar(
  { name: "crash", doc: "Breaks down at 13.", params: { n: "int64" }, returns: { n: "int64" } },
  ({ n }) => {
    if (n === 13n) throw new Error("thirteen");
    return n;
  },
);

const words = table(
  {
    name: "words",
    doc: "The words of a line.",
    params: { line: "utf8" },
    returns: { word: "utf8", position: "int32" },
  },
  function* ({ line }) {
    if (line === "?") throw new RowError("no words");
    let position = 0;
    for (const word of line.split(" ")) if (word !== "") yield { word, position: position++ };
  },
);

const average = aggregate(
  {
    name: "average",
    doc: "The arithmetic mean.",
    params: { value: "float64" },
    returns: "float64?",
    state: { sum: "float64", count: "int64" },
  },
  {
    update(state, { value }) {
      if (value < -273.15) throw new RowError("below absolute zero");
      state.sum += value;
      state.count++;
    },
    merge(state, other) {
      state.sum += other.sum;
      state.count += other.count;
    },
    finish: ({ sum, count }) => (count === 0n ? null : sum / Number(count)),
  },
);

/** The length of a text in UTF-8. */
const bytes = (text: string): number => unescape(encodeURIComponent(text)).length;

const longest = aggregate(
  {
    name: "longest",
    doc: "The longest text in bytes, and how many are missing.",
    params: { text: "utf8?" },
    returns: { longest: "utf8?", nulls: "int64" },
    state: { text: "utf8?", nulls: "int64" },
  },
  {
    update(state, { text }) {
      if (text === null) state.nulls++;
      else if (state.text === null || bytes(text) > bytes(state.text)) state.text = text;
    },
    merge(state, other) {
      state.nulls += other.nulls;
      const { text } = other;
      if (text !== null && (state.text === null || bytes(text) > bytes(state.text))) state.text = text;
    },
    finish: ({ text, nulls }) => ({ longest: text, nulls }),
  },
);

const median = holistic(
  {
    name: "median",
    doc: "The value in the middle, of the two the lower.",
    params: { value: "float64" },
    returns: "float64?",
  },
  ({ value }) => {
    if (value.some((one) => one < 0)) throw new RowError("negative");
    return value.length === 0 ? null : value.sort()[(value.length - 1) >> 1];
  },
);

const account = process(
  {
    name: "account",
    doc: "The balance after each amount.",
    params: { amount: "int64" },
    returns: { balance: "int64" },
    state: { balance: "int64" },
  },
  function* (state, { amount }) {
    const before = state.balance;
    state.balance += amount;
    if (state.balance < 0n) throw new RowError("overdrawn");
    if (amount >= 1000n) yield before;
    if (amount !== 0n) yield state.balance;
  },
);

export default library({
  config: usual,
  functions: [
    isHot,
    toFahrenheit,
    echo,
    next,
    divide,
    shout,
    crash,
    words,
    average,
    longest,
    median,
    account,
  ],
});
