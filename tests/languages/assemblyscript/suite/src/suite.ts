// A function of each kind, for tests of what functions in AssemblyScript can do.

import { Nullable, Timestamp, fail, none, some } from "tidemill";

class Config {
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

class Everything {
  constructor(
    public b: Nullable<bool>,
    public i: Nullable<i32>,
    public l: Nullable<i64>,
    public f: Nullable<f32>,
    public d: Nullable<f64>,
    public t: Nullable<Timestamp>,
    public s: string | null,
    public y: Uint8Array | null,
  ) {}
}

/**
 * Returns what it is given.
 * @scalar
 */
export function echo(
  b: Nullable<bool>,
  i: Nullable<i32>,
  l: Nullable<i64>,
  f: Nullable<f32>,
  d: Nullable<f64>,
  t: Nullable<Timestamp>,
  s: string | null,
  y: Uint8Array | null,
): Everything {
  return new Everything(b, i, l, f, d, t, s, y);
}

/**
 * The number that comes after.
 * @scalar
 */
export function next(l: i64): i64 {
  return l + 1;
}

/**
 * Divides, without the remainder.
 * @scalar result=quotient
 */
export function divide(a: i64, b: i64): i64 {
  if (b == 0) return fail<i64>("division by zero");
  return a / b;
}

/**
 * Adds an exclamation mark.
 * @scalar
 */
export function shout(text: string): string {
  return text + "!";
}

/**
 * Crashes at 13, and returns any other number.
 * @scalar result=n
 */
export function crash(n: i64): i64 {
  if (n == 13) throw new Error("thirteen");
  return n;
}

class Word {
  constructor(
    public word: string,
    public position: i32,
  ) {}
}

/**
 * Splits a line at its spaces.
 * @table
 */
export function words(line: string): Word[] {
  if (line == "?") return fail<Word[]>("no words");
  const parts = line.split(" ");
  const words: Word[] = [];
  for (let place = 0; place < parts.length; place++) {
    if (parts[place].length > 0) words.push(new Word(parts[place], words.length));
  }
  return words;
}

/**
 * The arithmetic mean of temperatures.
 * @aggregate
 */
export class Average {
  sum: f64 = 0.0;
  count: i64 = 0;

  update(value: f64): void {
    if (value < -273.15) return fail("below absolute zero");
    this.sum += value;
    this.count++;
  }

  merge(other: Average): void {
    this.sum += other.sum;
    this.count += other.count;
  }

  finish(): Nullable<f64> {
    return this.count == 0 ? none<f64>() : some<f64>(this.sum / <f64>this.count);
  }
}

class Longer {
  constructor(
    public longest: string | null,
    public nulls: i64,
  ) {}
}

/**
 * The text of the most bytes, and how many rows have none.
 * @aggregate
 */
export class Longest {
  text: string | null = null;
  nulls: i64 = 0;

  update(text: string | null): void {
    if (text === null) this.nulls++;
    else this.take(text);
  }

  merge(other: Longest): void {
    const text = other.text;
    if (text !== null) this.take(text);
    this.nulls += other.nulls;
  }

  finish(): Longer {
    return new Longer(this.text, this.nulls);
  }

  private take(text: string): void {
    const longest = this.text;
    if (longest === null || String.UTF8.byteLength(text) > String.UTF8.byteLength(longest)) this.text = text;
  }
}

/**
 * The value in the middle, or the lower one of two.
 * @holistic
 */
export function median(value: f64[]): Nullable<f64> {
  if (value.length == 0) return none<f64>();
  value.sort();
  if (value[0] < 0.0) return fail<Nullable<f64>>("negative");
  return some<f64>(value[(value.length - 1) / 2]);
}

export class Balance {
  balance: i64 = 0;
}

/**
 * Books amounts, and tells the balance after each.
 * @process result=balance
 */
export function account(state: Balance, amount: i64): i64[] {
  const before = state.balance;
  state.balance += amount;
  if (state.balance < 0) return fail<i64[]>("overdrawn");
  if (amount >= 1000) return [before, state.balance];
  return amount == 0 ? [] : [state.balance];
}
