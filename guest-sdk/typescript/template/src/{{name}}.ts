import { aggregate, library, scalar } from "tidemill";

// What a stage's `config` may set.
const config = { threshold: 30 };

export const isHot = scalar(
  {
    name: "is_hot",
    doc: "Is this reading above the threshold?",
    params: { temperature: "float64" },
    returns: "boolean",
  },
  ({ temperature }, { threshold }: typeof config) => temperature > threshold,
);

export const toFahrenheit = scalar(
  {
    name: "to_fahrenheit",
    doc: "Converts degrees Celsius to degrees Fahrenheit.",
    params: { celsius: "float64" },
    returns: { fahrenheit: "float64" },
  },
  ({ celsius }) => celsius * 1.8 + 32,
);

export const mean = aggregate(
  {
    name: "mean",
    doc: "The arithmetic mean.",
    params: { value: "float64" },
    returns: "float64?",
    state: { sum: "float64", count: "int64" },
  },
  {
    update(state, { value }) {
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

export default library({ config, functions: [isHot, toFahrenheit, mean] });
