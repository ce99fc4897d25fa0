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

/**
 * The arithmetic mean of temperatures, counted from the least of them.
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

  finish(): Nullable<f64> {
    if (this.count == 0) return none<f64>();
    return some<f64>(this.sum / <f64>this.count - (this.least.has ? this.least.value : 0.0));
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

/**
 * Books amounts, and tells the balance after each in thousandths, with their number.
 * @process result=balance
 */
export function account(state: Balance, amount: i64): i64[] {
  const before = shown(state);
  state.balance += amount;
  state.rows++;
  if (state.balance < 0) return fail<i64[]>("overdrawn");
  if (amount >= 1000) return [before, shown(state)];
  return amount == 0 ? [] : [shown(state)];
}

function shown(state: Balance): i64 {
  return state.balance * 1000 + state.rows;
}
