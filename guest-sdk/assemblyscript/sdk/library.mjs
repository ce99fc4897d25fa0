// What the sources of a library say of its functions. Types are known by how they are written.

import { HINT, columnType, itemOf, typedItem } from "./types.mjs";

const KINDS = ["scalar", "table", "aggregate", "holistic", "process"];
const OPTIONS = {
  scalar: ["name", "result"],
  table: ["name", "result"],
  aggregate: ["name", "result", "version"],
  holistic: ["name", "result"],
  process: ["name", "result"],
  state: ["version"],
  config: [],
};

export class Library {
  problems = [];
  /** The functions of the catalog, in the order of the sources. */
  entries = [];
  /** The classes whose fields are columns of a state. */
  states = [];
  /** The variable of the configuration: its name and its fields. */
  config = undefined;
  /** What has to be imported: the file of each name. */
  imports = new Map();
  #classes = new Map();

  constructor(sources) {
    const found = [];
    for (const source of sources) {
      for (const statement of source.statements) {
        if (statement.members && !statement.signature) this.#classes.set(statement.name.text, { source, statement });
        const tag = this.#tag(source, statement);
        if (tag) found.push({ source, statement, tag });
      }
    }
    for (const { statement, tag } of found) {
      const known = this.#classes.get(statement.name?.text);
      if (known && tag.options.version) known.version = this.#version(tag);
    }
    for (const { source, statement, tag } of found) this.#add(source, statement, tag);
    if (this.problems.length === 0 && this.entries.length === 0) {
      this.problems.push("no function has a tag such as `@scalar` in the comment above it");
    }
  }

  #problem(source, node, text) {
    const line = source.text.slice(0, node.range.start).split("\n").length;
    this.problems.push(`${source.normalizedPath}:${line}: ${text}`);
  }

  /** The tag in the comment above a statement, if there is one. */
  #tag(source, statement) {
    let before = source.text.slice(0, statement.range.start).trimEnd();
    before = before.replace(/\bexport(\s+default)?$/, "").trimEnd();
    if (!before.endsWith("*/")) return undefined;
    const comment = before.slice(before.lastIndexOf("/**") + 3, -2);
    const lines = comment.split("\n").map((line) => line.trim().replace(/^\*\s?/, "").trimEnd());
    const tags = lines.filter((line) => /^@(\w+)/.test(line) && Object.hasOwn(OPTIONS, /^@(\w+)/.exec(line)[1]));
    if (tags.length === 0) return undefined;
    if (tags.length > 1) this.#problem(source, statement, `two tags above the same declaration: ${tags.join(", ")}`);
    const [kind, ...words] = tags[0].slice(1).split(/\s+/);
    const options = Object.fromEntries(words.map((word) => word.split("=")));
    for (const key of Object.keys(options)) {
      if (!OPTIONS[kind].includes(key)) this.#problem(source, statement, `\`@${kind}\` takes no \`${key}\``);
    }
    return { kind, options, doc: lines.filter((line) => !line.startsWith("@")).join("\n").trim(), source, statement };
  }

  #version(tag) {
    const version = Number(tag.options.version);
    if (!Number.isInteger(version) || version < 1 || version > 0xffffffff) {
      this.#problem(tag.source, tag.statement, `\`version=${tag.options.version}\` is no whole number from 1 on`);
    }
    return version;
  }

  #add(source, statement, tag) {
    const { kind } = tag;
    const isClass = statement.members !== undefined;
    const isFunction = statement.signature !== undefined;
    if (kind === "config") this.#addConfig(source, statement);
    else if (kind === "state" && isClass) return;
    else if (kind === "aggregate" && isClass) this.#addAggregate(source, statement, tag);
    else if (kind === "state" || kind === "aggregate") this.#problem(source, statement, `\`@${kind}\` belongs above a class`);
    else if (!isFunction || isClass) this.#problem(source, statement, `\`@${kind}\` belongs above a function`);
    else this.#addFunction(source, statement, tag);
  }

  /** Notes that the added code needs a name. */
  #import(source, node, name, exported) {
    if (!exported) this.#problem(source, node, `write \`export\` before \`${name}\`: it is called from outside`);
    this.imports.set(name, source.internalPath);
  }

  #addConfig(source, statement) {
    const variable = statement.declarations?.[0];
    const created = variable?.initializer?.typeName?.identifier.text;
    const known = created && this.#classes.get(created);
    if (!known || statement.declarations.length !== 1) {
      this.#problem(source, statement, "`@config` belongs above a variable such as `export const config = new Config()`, of a class in this library");
      return;
    }
    if (this.config) this.#problem(source, statement, `a second variable for the configuration; \`${this.config.name}\` is one already`);
    this.#import(source, statement, variable.name.text, isExported(source, statement) || isExported(source, variable));
    const fields = this.#fields(known);
    for (const field of fields) {
      if (field.column?.nullable || field.column?.type === 5 || field.column?.type === 7) {
        this.#problem(known.source, known.statement, `\`${field.field}\` cannot be configured; use bool, i32, i64, f32, f64 or string`);
      }
    }
    const validates = known.statement.members.some((member) => member.signature && member.name.text === "validate");
    this.config = { name: variable.name.text, fields, validates };
  }

  /** The fields of a class, as columns. */
  #fields({ source, statement }) {
    // Those that the constructor declares are among the members.
    const fields = statement.members.filter((member) => member.parameterIndex !== undefined && !isStatic(source, member));
    return fields.map((member) => {
      const column = this.#column(source, member, member.name.text, member.type);
      return { ...column, field: member.name.text };
    });
  }

  /** The column that something with a name and a type is. */
  #column(source, node, name, type) {
    const text = type ? textOf(source, type) : "";
    const column = columnType(text);
    if (!column) this.#problem(source, node, `\`${name}: ${text}\` cannot be a column; ${HINT}`);
    return { name: snakeCase(name), column: column ?? columnType("bool") };
  }

  #parameters(source, parameters, convert = (text) => text) {
    return parameters.map((parameter) => {
      const text = convert(textOf(source, parameter.type));
      const column = text === undefined ? undefined : typeof text === "string" ? columnType(text) : text;
      if (!column) this.#problem(source, parameter, `\`${parameter.name.text}: ${textOf(source, parameter.type)}\` cannot be a column here; ${HINT}`);
      return { name: snakeCase(parameter.name.text), column: column ?? columnType("bool") };
    });
  }

  /** The columns of a result, which is a value or an object with one in each field. */
  #results(source, node, text, name) {
    const known = this.#classes.get(text);
    if (known) return { results: this.#fields(known), isRow: true };
    const column = columnType(text);
    if (!column) this.#problem(source, node, `a result of the type \`${text}\` cannot be a column; ${HINT}, or a class of this library`);
    return { results: [{ name, column: column ?? columnType("bool") }], isRow: false };
  }

  #addFunction(source, statement, tag) {
    const declared = statement.name.text;
    if (statement.typeParameters?.length) this.#problem(source, statement, `\`${declared}\` is generic; a function of a library has one type`);
    this.#import(source, statement, declared, isExported(source, statement));
    const name = tag.options.name ?? snakeCase(declared);
    const result = tag.options.result ?? snakeCase(declared);
    let parameters = statement.signature.parameters;
    const returned = textOf(source, statement.signature.returnType);
    const entry = { name, declared, kind: KINDS.indexOf(tag.kind), doc: tag.doc };
    if (tag.kind === "process") {
      entry.state = this.#state(parameters[0] && textOf(source, parameters[0].type));
      if (!entry.state) {
        this.#problem(source, statement, "the first parameter of a process function is the state of the key, of a class in this library");
        return;
      }
      parameters = parameters.slice(1);
    }
    if (tag.kind === "scalar" && parameters.length > 0 && typedItem(textOf(source, parameters[0].type))) {
      entry.isColumnar = true;
      const column = typedItem(returned);
      if (!column) this.#problem(source, statement, "a function of columns returns a column, such as Float64Array");
      entry.parameters = this.#parameters(source, parameters, typedItem);
      entry.results = [{ name: result, column: column ?? columnType("bool") }];
    } else if (tag.kind === "holistic") {
      entry.parameters = this.#parameters(source, parameters, itemOf);
      Object.assign(entry, this.#results(source, statement, returned, result));
    } else {
      entry.parameters = this.#parameters(source, parameters);
      const item = itemOf(returned);
      entry.isMany = item !== undefined;
      if (tag.kind === "table" && !entry.isMany) this.#problem(source, statement, "a table function returns an array of its rows, such as `string[]`");
      if (tag.kind === "scalar" && entry.isMany) this.#problem(source, statement, "a scalar function returns one row; one of `@table` returns an array of them");
      if (tag.kind === "process" && returned === "void") Object.assign(entry, { results: [], isVoid: true });
      else Object.assign(entry, this.#results(source, statement, item ?? returned, result));
    }
    this.entries.push(entry);
  }

  #addAggregate(source, statement, tag) {
    const declared = statement.name.text;
    const method = (name) => statement.members.find((member) => member.signature && member.name.text === name);
    const [update, merge, finish] = ["update", "merge", "finish"].map(method);
    if (!update || !merge || !finish) {
      this.#problem(source, statement, `an aggregate has the methods \`update(value: …): void\`, \`merge(other: ${declared}): void\` and \`finish(): …\``);
      return;
    }
    const name = tag.options.name ?? snakeCase(declared);
    const returned = textOf(source, finish.signature.returnType);
    this.entries.push({
      name, declared, kind: KINDS.indexOf("aggregate"), doc: tag.doc, state: this.#state(declared),
      parameters: this.#parameters(source, update.signature.parameters),
      ...this.#results(source, finish, returned, tag.options.result ?? name),
    });
  }

  /** The class called `name` as a state, or undefined. */
  #state(name) {
    const known = this.#classes.get(name);
    if (!known) return undefined;
    if (known.state) return known.state;
    const { source, statement } = known;
    this.#import(source, statement, name, isExported(source, statement));
    known.state = { name, version: known.version ?? 1, fields: this.#fields(known) };
    if (known.state.fields.length === 0) this.#problem(source, statement, "a state has at least one field");
    this.states.push(known.state);
    const migrate = statement.members.find((member) => member.signature && member.name.text === "migrate");
    if (migrate) {
      const old = migrate.signature.parameters.map((parameter) => textOf(source, parameter.type));
      known.state.previous = old.length === 1 && old[0] !== name ? this.#state(old[0]) : undefined;
      if (!known.state.previous) this.#problem(source, migrate, "`migrate` takes an object of the class that the version before had");
      else if (known.state.previous.version >= known.state.version) {
        this.#problem(source, statement, `version ${known.state.version} of \`${name}\` migrates from version ${known.state.previous.version}; a class with other fields than before has a greater \`version=\``);
      }
    }
    return known.state;
  }
}

/** The name of a column: `pricePerUnit` becomes `price_per_unit`. */
function snakeCase(name) {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2").toLowerCase();
}

/** A type as it is written. What is said of null may stand outside of the range of its node. */
function textOf(source, node) {
  const text = source.text.slice(node.range.start, node.range.end).trim();
  return node.isNullable && !/\bnull\b/.test(text) ? `${text} | null` : text;
}

function isExported(source, statement) {
  const before = source.text.slice(0, statement.range.start).trimEnd();
  return /\bexport$/.test(before) || /^export\b/.test(source.text.slice(statement.range.start));
}

function isStatic(source, member) {
  return /^(\w+\s+)*static\b/.test(source.text.slice(member.range.start, member.range.end));
}
