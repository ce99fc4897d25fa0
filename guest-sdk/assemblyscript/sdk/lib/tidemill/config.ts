/** Reads the configuration of a stage: a JSON object whose keys are fields of a class. */

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;

/** Reads an object entry by entry: `while (reader.next())`, and one of `float`, `integer`, `flag`, `text` for each. */
export class ConfigReader {
  /** The key of the entry. */
  key: string = "";
  /** What is wrong, if anything. */
  problem: string = "";
  private at: i32 = 0;
  private first: bool = true;

  constructor(private source: string) {
    if (!this.take("{")) this.broken();
  }

  /** Goes on to the next entry, if there is one and nothing is wrong. */
  next(): bool {
    if (this.problem.length > 0 || this.take("}")) return false;
    if (!this.first && !this.take(",")) this.broken();
    this.first = false;
    this.key = this.quoted();
    if (!this.take(":")) this.broken();
    return this.problem.length == 0;
  }

  /** A number. */
  float(): f64 {
    return F64.parseFloat(this.number("a number"));
  }

  /** A whole number from `least` to `most`. */
  integer(least: i64, most: i64): i64 {
    const text = this.number("a whole number");
    const value = I64.parseInt(text);
    const isWhole = value.toString() == text || (value == 0 && text == "-0");
    if (this.problem.length == 0 && (!isWhole || value < least || value > most)) this.unfit("a whole number that fits");
    return value;
  }

  /** A boolean. */
  flag(): bool {
    if (this.take("true")) return true;
    if (!this.take("false")) this.unfit("true or false");
    return false;
  }

  /** Text. */
  text(): string {
    this.space();
    if (this.source.charCodeAt(this.at) == QUOTE) return this.quoted();
    this.unfit("text");
    return "";
  }

  /** Refuses the key; `known` are those there are. */
  unknown(known: string): void {
    this.problem = "unknown key `" + this.key + "`, expected " + known;
  }

  private broken(): void {
    if (this.problem.length == 0) this.problem = "the configuration is no JSON object from `" + this.source.substring(this.at) + "` on";
  }

  private unfit(expected: string): void {
    if (this.problem.length == 0) this.problem = "`" + this.key + "` is not " + expected;
  }

  private space(): void {
    while (this.at < this.source.length && this.source.charCodeAt(this.at) <= 0x20) this.at++;
  }

  private take(token: string): bool {
    this.space();
    const found = this.source.startsWith(token, this.at);
    if (found) this.at += token.length;
    return found;
  }

  private number(expected: string): string {
    this.space();
    const start = this.at;
    while (this.at < this.source.length && "+-.0123456789eE".includes(this.source.charAt(this.at))) this.at++;
    if (this.at == start) this.unfit(expected);
    return this.source.substring(start, this.at);
  }

  private quoted(): string {
    if (!this.take('"')) this.broken();
    let text = "";
    while (this.problem.length == 0) {
      const start = this.at;
      let unit = this.source.charCodeAt(this.at);
      while (this.at < this.source.length && unit != QUOTE && unit != BACKSLASH) unit = this.source.charCodeAt(++this.at);
      text += this.source.substring(start, this.at);
      if (this.at >= this.source.length) this.broken();
      this.at++;
      if (unit != BACKSLASH) return text;
      text += this.escaped();
    }
    return text;
  }

  private escaped(): string {
    const letter = this.source.charAt(this.at++);
    if (letter == "u") {
      this.at += 4;
      return String.fromCharCode(<i32>I32.parseInt(this.source.substring(this.at - 4, this.at), 16));
    }
    const place = "bfnrt".indexOf(letter);
    return place < 0 ? letter : "\b\f\n\r\t".charAt(place);
  }
}
