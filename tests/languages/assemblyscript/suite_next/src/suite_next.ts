// Later versions of functions of the suite, whose state has other columns.

import { Nullable, fail, none, some } from "tidemill";

/**
 * What version 1 of the average kept.
 * @state version=1
 */
export class AverageV1 {
  sum: f64 = 0.0;
  count: i64 = 0;
}

class Summary {
  constructor(
    public average: Nullable<f64>,
    public least: Nullable<f64>,
  ) {}
}

/**
 * The arithmetic mean of temperatures, and the least of them.
 * @aggregate version=2
 */
export class Average {
  sum: f64 = 0.0;
  count: i64 = 0;
  least: Nullable<f64> = none<f64>();

  migrate(old: AverageV1): void {
    this.sum = old.sum;
    this.count = old.count;
  }

  update(value: f64): void {
    if (value < -273.15) return fail("below absolute zero");
    this.sum += value;
    this.count++;
    this.atLeast(value);
  }

  merge(other: Average): void {
    this.sum += other.sum;
    this.count += other.count;
    if (other.least.has) this.atLeast(other.least.value);
  }

  finish(): Summary {
    return new Summary(this.count == 0 ? none<f64>() : some<f64>(this.sum / <f64>this.count), this.least);
  }

  private atLeast(value: f64): void {
    if (!this.least.has || value < this.least.value) this.least = some<f64>(value);
  }
}

/**
 * What version 1 of the account kept.
 * @state version=1
 */
export class BalanceV1 {
  balance: i64 = 0;
}

/**
 * What an account holds, and of how many rows.
 * @state version=2
 */
export class Balance {
  balance: i64 = 0;
  rows: i64 = 0;

  migrate(old: BalanceV1): void {
    this.balance = old.balance;
  }
}

class Booked {
  constructor(
    public balance: i64,
    public rows: i64,
  ) {}
}

/**
 * Books amounts, and tells the balance after each.
 * @process
 */
export function account(state: Balance, amount: i64): Booked[] {
  const before = state.balance;
  state.balance += amount;
  state.rows++;
  if (state.balance < 0) return fail<Booked[]>("overdrawn");
  const after = new Booked(state.balance, state.rows);
  if (amount >= 1000) return [new Booked(before, state.rows), after];
  return amount == 0 ? [] : [after];
}
