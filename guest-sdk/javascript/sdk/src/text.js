// Text to UTF-8 and back. The interpreter in a component has no `TextEncoder`, but does all this in its own code.

/** A character for each byte. */
const characters = (bytes) =>
  bytes.toBase64 ? atob(bytes.toBase64()) : Buffer.from(bytes).toString("latin1");

/** A byte for each character. */
const bytesOf = (characters) =>
  Uint8Array.fromBase64
    ? Uint8Array.fromBase64(btoa(characters))
    : new Uint8Array(Buffer.from(characters, "latin1"));

const isMore = /[^\x00-\x7f]/;

/** The texts that stand in `bytes`, the first from `ends[0]` to `ends[1]`. */
export function decode(bytes, ends) {
  const all = characters(bytes);
  const count = ends.length - 1;
  const texts = new Array(count);
  const plain = !isMore.test(all);
  for (let row = 0; row < count; row++) {
    const text = all.substring(ends[row], ends[row + 1]);
    texts[row] = plain || !isMore.test(text) ? text : decodeURIComponent(escape(text));
  }
  return texts;
}

/** The bytes of texts, and where each ends. */
export function encode(texts) {
  const count = texts.length;
  const ends = new Uint32Array(count + 1);
  let all = texts.join("");
  if (isMore.test(all)) {
    texts = texts.map((text) => unescape(encodeURIComponent(text.toWellFormed())));
    all = texts.join("");
  }
  let end = 0;
  for (let row = 0; row < count; row++) {
    end += texts[row].length;
    ends[row + 1] = end;
  }
  return { offsets: ends, data: bytesOf(all) };
}
