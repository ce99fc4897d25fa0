// How a function refuses a row.

export class RowError extends Error {
  constructor(message = "") {
    // What is no Unicode cannot be handed on.
    super(String(message).toWellFormed());
  }

  get name() {
    return "RowError";
  }
}

/** Refuses a whole call: there is no row to blame. */
export class CallError extends Error {}
