// For tests: compiles a library as it is, and gives what it exports. What it logs goes to standard error.

import asc from "assemblyscript/asc";

/** Compiles the file `source`. Functions take and give numbers; other values need the bindings of the compiler. */
export async function compile(source) {
  const options = ["--lib", ".tidemill/sdk/lib", "--outFile", "test.wasm", "--runtime", "incremental", "--disableWarning", "235"];
  const aliases = ["--use", "abort=tidemill_abort", "--use", "seed=tidemill_seed"];
  let binary;
  const { error, stderr } = await asc.main([source, ...options, ...aliases], {
    writeFile: (_, content) => {
      binary = content;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  let exported;
  const write = (level, text, length) => {
    const bytes = new Uint8Array(exported.memory.buffer, text, length);
    console.error(`${["debug", "info", "warn", "error"][level]}: ${new TextDecoder().decode(bytes)}`);
  };
  const { instance } = await WebAssembly.instantiate(binary, { "tidemill:udf/log@0.1.0": { write } });
  exported = instance.exports;
  return exported;
}
