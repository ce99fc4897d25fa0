// Functions for Tidemill, written in JavaScript or TypeScript. What each of these takes is said in `tidemill.d.ts`.

export { RowError } from "./errors.js";
export { aggregate, holistic, library, process, scalar, table } from "./library.js";
export * as log from "./log.js";
