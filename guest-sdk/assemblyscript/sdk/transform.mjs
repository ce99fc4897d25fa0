// Runs inside the compiler: reads the tags in the comments of a library, adds the code that makes its functions
// callable by the host, and gives the exports the names of the contract.

import { Library } from "./library.mjs";
import { EXPORTS, write } from "./writer.mjs";

/** The file that is added. */
const ADDED = "tidemill_generated";

export default class TidemillTransform {
  afterParse(parser) {
    const sources = parser.sources.filter((source) => !source.internalPath.startsWith("~lib/"));
    const library = new Library(sources);
    if (library.problems.length > 0) throw problem(library.problems.join("\n"));
    parser.parseFile(write(library), ADDED + ".ts", true);
  }

  afterCompile(module) {
    const { binaryen } = this;
    const names = [];
    for (let place = 0; place < module.getNumExports(); place++) {
      names.push(binaryen.getExportInfo(module.getExportByIndex(place)).name);
    }
    for (const name of names) if (name !== "memory" && name !== "_initialize") module.removeExport(name);
    for (const [name, added] of EXPORTS) module.addFunctionExport(ADDED + "/" + added, name);
    for (let place = 0; place < module.getNumFunctions(); place++) {
      const { module: from, base } = binaryen.getFunctionInfo(module.getFunctionByIndex(place));
      if (from === "env") throw problem(`\`${base}\` is not there in a library of Tidemill; to write to the log, use \`info\` of "tidemill"`);
    }
  }
}

function problem(text) {
  const error = new Error(text);
  error.stack = text;
  return error;
}
