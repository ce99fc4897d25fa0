// Writes lines to the host's log; in tests, to the console.

let host = (level, message) => console.error(`${level} ${message}`);

/** Says where lines go. */
export function writeTo(write) {
  host = write;
}

export const debug = (message) => host("debug", text(message));
export const info = (message) => host("info", text(message));
export const warn = (message) => host("warn", text(message));
export const error = (message) => host("error", text(message));

/** What is no Unicode cannot be handed on. */
const text = (message) => String(message).toWellFormed();
