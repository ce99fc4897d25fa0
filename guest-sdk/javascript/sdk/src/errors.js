// How a function refuses a row.

export class RowError extends Error {
  get name() {
    return "RowError";
  }
}

/** Refuses a whole call: there is no row to blame. */
export class CallError extends Error {}
