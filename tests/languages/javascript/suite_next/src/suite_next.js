// The conformance library's next version: the same functions with more in their states.

import { RowError, aggregate, library, process } from "tidemill";

const least = (one, other) => (one === null || (other !== null && other < one) ? other : one);

const average = aggregate(
  {
    name: "average",
    doc: "The arithmetic mean, counted from the least value.",
    params: { value: "float64" },
    returns: "float64?",
    state: { sum: "float64", count: "int64", least: "float64?" },
    version: 2,
    migrate: { 1: (old) => ({ ...old, least: null }) },
  },
  {
    update(state, { value }) {
      if (value < -273.15) throw new RowError("below absolute zero");
      state.sum += value;
      state.count++;
      state.least = least(state.least, value);
    },
    merge(state, other) {
      state.sum += other.sum;
      state.count += other.count;
      state.least = least(state.least, other.least);
    },
    finish: ({ sum, count, least }) => (count === 0n ? null : sum / Number(count) - (least ?? 0)),
  },
);

const shown = ({ balance, rows }) => balance * 1000n + rows;

const account = process(
  {
    name: "account",
    doc: "The balance after each amount, in thousandths, with how many there were.",
    params: { amount: "int64" },
    returns: { balance: "int64" },
    state: { balance: "int64", rows: "int64" },
    version: 2,
    migrate: { 1: (old) => ({ ...old, rows: 0n }) },
  },
  (state, { amount }) => {
    const before = shown(state);
    state.balance += amount;
    state.rows++;
    if (state.balance < 0n) throw new RowError("overdrawn");
    if (amount === 0n) return [];
    return amount >= 1000n ? [before, shown(state)] : [shown(state)];
  },
);

export default library({ functions: [average, account] });
