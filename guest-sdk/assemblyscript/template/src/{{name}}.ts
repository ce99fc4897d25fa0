// Functions for readings of temperatures.

import { Nullable, none, some } from "tidemill";

/** What a stage configures, with the values it has if the stage says nothing. */
class Config {
  /** The temperature above which it is hot. */
  threshold: f64 = 30.0;
}

/** @config */
export const config = new Config();

/**
 * Is this reading above the threshold?
 * @scalar
 */
export function isHot(temperature: f64): bool {
  return temperature > config.threshold;
}

/**
 * Converts degrees Celsius to degrees Fahrenheit.
 * @scalar result=fahrenheit
 */
export function toFahrenheit(celsius: f64): f64 {
  return celsius * 1.8 + 32.0;
}

/**
 * The arithmetic mean.
 * @aggregate
 */
export class Mean {
  sum: f64 = 0.0;
  count: i64 = 0;

  update(value: f64): void {
    this.sum += value;
    this.count++;
  }

  merge(other: Mean): void {
    this.sum += other.sum;
    this.count += other.count;
  }

  finish(): Nullable<f64> {
    return this.count == 0 ? none<f64>() : some<f64>(this.sum / <f64>this.count);
  }
}
