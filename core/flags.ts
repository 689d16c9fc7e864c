/**
 * Command lines from a declarative table: one record a flag gives its parsing, its checks, its line in `--help`,
 * and the type of the parsed value.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { UsageError } from "./errors.ts";
import { lowerFirst } from "./format.ts";
import { nearest } from "./nearest.ts";

/** What every flag has. Flags are keyed in camel case: `evalEvery` is written `--eval-every`. */
interface FlagCommon {
  /** One line, no full stop. */
  readonly help: string;
  /** Heading in `--help`. Flags of one group stand together, in the order of the table. */
  readonly group: string;
  /** Other long spellings, without dashes. */
  readonly aliases?: readonly string[];
  /** One letter: `h` for `-h`. */
  readonly short?: string;
  /** What `--help` calls the value: `FILE`, `N`. */
  readonly valueName?: string;
  /** Replaces the default in `--help` where it is not a constant, such as `by model`. */
  readonly defaultText?: string;
  /** Parsing fails without it. */
  readonly required?: true;
}

/** `--quiet`, `--no-quiet`, `--quiet=false`. False unless a default says otherwise. */
export interface BooleanFlag extends FlagCommon {
  readonly type: "boolean";
  readonly default?: boolean;
}

/** A finite decimal number, `1e6` included. */
export interface NumberFlag extends FlagCommon {
  readonly type: "number";
  readonly default?: number;
  readonly integer?: true;
  readonly min?: number;
  readonly max?: number;
  /** Greater than this, not equal. */
  readonly above?: number;
  /** Less than this, not equal. */
  readonly below?: number;
}

/** Free text, or one path. An empty value is refused. */
export interface StringFlag extends FlagCommon {
  readonly type: "string" | "path";
  readonly default?: string;
}

/** One of a few words. */
export interface ChoiceFlag extends FlagCommon {
  readonly type: "choice";
  /** The words. */
  readonly choices: readonly string[];
  /** Endings of paths that may stand in the place of a word, such as `.ts`. */
  readonly orFile?: readonly string[];
  readonly default?: string;
}

/** Words between commas; the flag may be repeated. */
export interface ListFlag extends FlagCommon {
  readonly type: "list";
  /** The words that are allowed; any by default. */
  readonly choices?: readonly string[];
  readonly default?: readonly string[];
}

/** One or more paths, or other words: `--data a b`, `--data a --data b`. */
interface PathsFlag extends FlagCommon {
  readonly type: "paths" | "words";
  readonly default?: readonly string[];
  /** Words that follow no flag are values of this one; at most one flag of a table may have this. */
  readonly positional?: true;
}

/** Integers joined by a separator: `13-512-256-64-16`. */
export interface IntsFlag extends FlagCommon {
  readonly type: "ints";
  /** `-` by default. */
  readonly separator?: "-" | ",";
  /** Least value of each, 1 by default. */
  readonly min?: number;
  /** Fewest numbers, 1 by default. */
  readonly minItems?: number;
  readonly default?: readonly number[];
}

/** One flag. */
export type Flag =
  | BooleanFlag
  | NumberFlag
  | StringFlag
  | ChoiceFlag
  | ListFlag
  | PathsFlag
  | IntsFlag;

/** `-q` means the same to every command. */
export const QUIET_FLAG = {
  type: "boolean",
  short: "q",
  group: "Files",
  help: "Print results and errors alone, nothing on the way",
} as const satisfies BooleanFlag;

/** Flags by camel-case name. Every table understands `--help` and `-h` besides. */
export type FlagTable = Readonly<Record<string, Flag>>;

type Absent<F extends Flag> = F extends { readonly default: unknown } ? never
  : F extends { readonly required: true } ? never
  : undefined;

type Present<F extends Flag> = F extends { readonly orFile: readonly string[] } ? string
  : F extends ChoiceFlag ? F["choices"][number]
  : F extends { readonly type: "number" } ? number
  : F extends { readonly type: "string" | "path" } ? string
  : F extends { readonly type: "ints" } ? readonly number[]
  : readonly string[];

/** The type of a flag's value. */
export type FlagValue<F extends Flag> = F extends { readonly type: "boolean" } ? boolean
  : Present<F> | Absent<F>;

/** The values of a table's flags. */
export type FlagValues<T extends FlagTable> = { readonly [K in keyof T]: FlagValue<T[K]> };

/** What a command line said. */
export interface ParsedFlags<T extends FlagTable> {
  /** By the name in the table. */
  readonly values: FlagValues<T>;
  /** The spelling used, dashes included, of each flag that was given. */
  readonly given: ReadonlyMap<keyof T & string, string>;
  /** `--help` or `-h` was given: nothing else was checked, and required flags may be missing. */
  readonly help: boolean;
}

/** The long spelling of a flag: `evalEvery` is `--eval-every`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Parses a command line. Of a flag that is given several times and takes one value the last one counts, whatever its
 * spelling: scripts put their user's flags behind their own and rely on it.
 *
 * @param table The flags.
 * @param args The words after the command, such as `Deno.args`.
 * @returns Typed values, defaults filled in.
 * @throws {UsageError} An unknown flag (the nearest is named), a value that is missing, malformed or out
 * of range, a required flag left out, a word that belongs to no flag.
 */
export function parseFlags<const T extends FlagTable>(
  table: T,
  args: readonly string[],
): ParsedFlags<T> {
  const spellings = spellingsOf(table);
  const texts = new Map<string, string[]>();
  const given = new Map<string, string>();
  let help = false;
  let open: string | null = null;
  const positional =
    Object.entries(table).find(([, flag]) => severalWords(flag) && flag.positional === true)?.[0] ??
      null;

  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: parseOptions(table, spellings),
  });
  for (const token of tokens) {
    if (token.kind === "option-terminator") {
      open = null;
      continue;
    }
    if (token.kind === "positional") {
      const key = open ?? positional;
      if (key === null) {
        throw new UsageError(
          `Cannot use "${token.value}": it stands after no flag that takes it (names come before flags)`,
        );
      }
      if (!given.has(key)) given.set(key, flagName(key));
      texts.set(key, [...texts.get(key) ?? [], token.value]);
      continue;
    }
    open = null;
    if (token.name === "help" || token.rawName === "-h") {
      help = true;
      continue;
    }
    const { key, negated } = lookUp(table, spellings, token.name, token.rawName);
    const flag = table[key]!;
    given.set(key, token.rawName);
    const list = texts.get(key) ?? [];
    texts.set(key, list);
    if (flag.type === "boolean") {
      list.push(booleanText(token.rawName, token.value, negated));
    } else {
      if (token.value === undefined || (!token.inlineValue && looksLikeFlag(token.value))) {
        throw new UsageError(
          `Cannot use ${token.rawName}: its value ${valueName(flag)} is missing`,
        );
      }
      list.push(token.value);
      if (severalWords(flag)) open = key;
    }
  }

  const values: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(table)) {
    const text = texts.get(key);
    if (text !== undefined && !help) {
      values[key] = parseValue(flag, given.get(key)!, text);
    } else if (flag.default !== undefined) {
      values[key] = flag.default;
    } else if (flag.type === "boolean") {
      values[key] = false;
    } else if (flag.required === true && !help) {
      throw new UsageError(
        `Cannot start without ${flagName(key)} ${valueName(flag)}: ${lowerFirst(flag.help)}`,
      );
    }
  }
  // The loop above gives every key a value of its flag's type, which the type system cannot follow.
  return { values: values as FlagValues<T>, given, help };
}

/** Parts of a help page around the flags. */
export interface HelpPage {
  /** The command: `deno task train`. */
  readonly command: string;
  /** One sentence, no full stop. */
  readonly about: string;
  /** Words of the usage line after the command. */
  readonly usage: string;
  /** Command lines to copy, each with a comment line above it. */
  readonly examples?: readonly (readonly [comment: string, line: string])[];
  /** Columns to fill, 100 by default. */
  readonly width?: number;
}

/** The whole help page: usage, every flag by group with its aliases and default, examples. Ends with a newline. */
export function formatHelp(table: FlagTable, page: HelpPage): string {
  const width = page.width ?? 100;
  const lines = [page.about, "", `Usage: ${page.command} ${page.usage}`];
  const entries: [group: string, left: string, right: string][] = Object.entries(table).map(
    ([key, flag]) => [flag.group, leftSide(key, flag), rightSide(flag)],
  );
  entries.push(
    ["Help", "-h, --help", "Show this page"],
    ["Help", "--version", "Show versions and end"],
  );
  const indent = 28;
  for (const group of new Set(entries.map((entry) => entry[0]))) {
    lines.push("", group);
    for (const [, left, right] of entries.filter((entry) => entry[0] === group)) {
      const wrapped = wrap(right, width - indent);
      if (left.length + 4 > indent) lines.push(`  ${left}`);
      else wrapped[0] = `  ${left}`.padEnd(indent) + wrapped[0];
      const from = left.length + 4 > indent ? 0 : 1;
      lines.push(...wrapped.map((line, i) => i < from ? line : " ".repeat(indent) + line));
    }
  }
  if (page.examples !== undefined && page.examples.length > 0) {
    lines.push("", "Examples");
    for (const [comment, line] of page.examples) lines.push(`  # ${comment}`, `  ${line}`);
  }
  return lines.join("\n") + "\n";
}

/**
 * Picks a subcommand by the first word of a command line.
 *
 * @returns The subcommand's name and the words after it; the name is null when the first word asks for help or
 * there is none.
 * @throws {UsageError} No such subcommand; the nearest is named.
 */
export function chooseCommand<const Name extends string>(
  names: readonly Name[],
  args: readonly string[],
): { readonly name: Name | null; readonly rest: readonly string[] } {
  const [word, ...rest] = args;
  if (word === undefined || word === "--help" || word === "-h") return { name: null, rest };
  const name = names.find((candidate) => candidate === word);
  if (name !== undefined) return { name, rest };
  const near = nearest(word, names);
  throw new UsageError(
    `Cannot run "${word}": ` +
      (near === null ? `the commands are ${names.join(", ")}` : `did you mean ${near}?`),
  );
}

/** All long spellings, without dashes, to the flag's key. */
function spellingsOf(table: FlagTable): Map<string, string> {
  const spellings = new Map<string, string>();
  for (const [key, flag] of Object.entries(table)) {
    for (const name of [flagName(key).slice(2), ...flag.aliases ?? []]) {
      if (spellings.has(name) || name === "help") {
        throw new TypeError(`Cannot build the flag table: --${name} is defined twice`);
      }
      spellings.set(name, key);
    }
  }
  return spellings;
}

function parseOptions(
  table: FlagTable,
  spellings: ReadonlyMap<string, string>,
): Record<string, { type: "string" | "boolean"; short?: string }> {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const [name, key] of spellings) {
    const flag = table[key]!;
    const short = flag.short !== undefined && name === flagName(key).slice(2)
      ? { short: flag.short }
      : {};
    options[name] = { type: flag.type === "boolean" ? "boolean" : "string", ...short };
  }
  return options;
}

function lookUp(
  table: FlagTable,
  spellings: ReadonlyMap<string, string>,
  name: string,
  rawName: string,
): { key: string; negated: boolean } {
  const key = spellings.get(name);
  if (key !== undefined) return { key, negated: false };
  if (name.startsWith("no-")) {
    const positive = spellings.get(name.slice(3));
    if (positive !== undefined && table[positive]!.type === "boolean") {
      return { key: positive, negated: true };
    }
  }
  const near = rawName.startsWith("--") ? nearest(name, [...spellings.keys(), "help"]) : null;
  throw new UsageError(
    near === null
      ? `Cannot use ${rawName}: there is no such flag, --help lists them all`
      : `Cannot use ${rawName}: there is no such flag, did you mean --${near}?`,
  );
}

/** Whether a flag takes the words that follow it. */
function severalWords(flag: Flag): flag is PathsFlag {
  return flag.type === "paths" || flag.type === "words";
}

/** Whether the word after a flag is another flag and not its value. Negative numbers are values. */
function looksLikeFlag(word: string): boolean {
  return /^-[^\d.]/.test(word);
}

function booleanText(rawName: string, value: string | undefined, negated: boolean): string {
  if (value === undefined) return negated ? "false" : "true";
  const word = value.toLowerCase();
  if (negated || (word !== "true" && word !== "false")) {
    throw new UsageError(
      `Cannot use ${rawName}=${value}: ` +
        (negated ? "it takes no value" : "the value must be true or false"),
    );
  }
  return word;
}

function parseValue(flag: Flag, spelling: string, texts: readonly string[]): unknown {
  const last = texts.at(-1)!;
  const refuse = (text: string, reason: string): never => {
    throw new UsageError(`Cannot use ${spelling} ${text === "" ? '""' : text}: ${reason}`);
  };
  switch (flag.type) {
    case "boolean":
      return last === "true";
    case "number":
      return parseNumber(flag, last, refuse);
    case "string":
    case "path":
      return last === "" ? refuse(last, "the value is empty") : last;
    case "choice":
      if (flag.orFile?.some((ending) => last.endsWith(ending) && last !== ending)) return last;
      return parseChoice(flag.choices, last, refuse, flag.orFile);
    case "list": {
      const words = texts.flatMap((text) => text.split(",")).map((word) => word.trim());
      for (const word of words) {
        if (word === "") refuse(texts.join(","), "an item is empty");
        if (flag.choices !== undefined) parseChoice(flag.choices, word, refuse);
      }
      return words;
    }
    case "paths":
    case "words":
      for (const text of texts) {
        if (text === "") refuse(text, `the ${flag.type === "paths" ? "path" : "word"} is empty`);
      }
      return texts;
    case "ints":
      return parseInts(flag, last, refuse);
  }
}

type Refuse = (text: string, reason: string) => never;

function parseNumber(flag: NumberFlag, text: string, refuse: Refuse): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) refuse(text, "it is not a number");
  const value = Number(text);
  if (!Number.isFinite(value)) refuse(text, "it is too large");
  if (flag.integer && !Number.isSafeInteger(value)) refuse(text, "it must be a whole number");
  if (flag.min !== undefined && value < flag.min) refuse(text, `it must be at least ${flag.min}`);
  if (flag.max !== undefined && value > flag.max) refuse(text, `it must be at most ${flag.max}`);
  if (flag.above !== undefined && value <= flag.above) {
    refuse(text, `it must be more than ${flag.above}`);
  }
  if (flag.below !== undefined && value >= flag.below) {
    refuse(text, `it must be less than ${flag.below}`);
  }
  return value;
}

function parseChoice(
  choices: readonly string[],
  text: string,
  refuse: Refuse,
  files: readonly string[] = [],
): string {
  if (choices.includes(text)) return text;
  const near = nearest(text, choices);
  return refuse(
    text,
    choices.length === 1
      ? `only ${choices[0]} is supported`
      : `it must be one of ${choices.join(", ")}` +
        (files.length === 0 ? "" : ` or a file in ${files.join(" or ")}`) +
        (near === null ? "" : ` (did you mean ${near}?)`),
  );
}

function parseInts(flag: IntsFlag, text: string, refuse: Refuse): number[] {
  const separator = flag.separator ?? "-";
  const min = flag.min ?? 1;
  const words = text.split(separator);
  const numbers = words.map((word) => {
    const value = /^\d+$/.test(word.trim()) ? Number(word) : NaN;
    if (!Number.isSafeInteger(value)) {
      refuse(
        text,
        `"${word}" is not a whole number (write ${["13", "512", "16"].join(separator)})`,
      );
    }
    if (value < min) refuse(text, `each number must be at least ${min}`);
    return value;
  });
  const minItems = flag.minItems ?? 1;
  if (numbers.length < minItems) refuse(text, `it must have at least ${minItems} numbers`);
  return numbers;
}

function valueName(flag: Flag): string {
  if (flag.valueName !== undefined) return flag.valueName;
  switch (flag.type) {
    case "boolean":
      return "";
    case "number":
      return flag.integer ? "N" : "X";
    case "choice":
      return flag.choices.join("|");
    case "list":
      return "A,B,…";
    case "paths":
      return "FILE…";
    case "words":
      return "WORD…";
    case "path":
      return "FILE";
    case "ints":
      return `N${flag.separator ?? "-"}N${flag.separator ?? "-"}…`;
    case "string":
      return "TEXT";
  }
}

function defaultText(flag: Flag): string | null {
  if (flag.defaultText !== undefined) return flag.defaultText;
  if (flag.default === undefined) return null;
  if (flag.type === "boolean") return flag.default ? "on" : null;
  if (flag.type === "ints") return flag.default?.join(flag.separator ?? "-") ?? null;
  return Array.isArray(flag.default) ? flag.default.join(",") : String(flag.default);
}

function leftSide(key: string, flag: Flag): string {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.type === "boolean" ? "" : ` ${valueName(flag)}`;
  return `${short}${flagName(key)}${value}`;
}

function rightSide(flag: Flag): string {
  const text = defaultText(flag);
  const parts = [flag.help];
  if (flag.required) parts.push("(required)");
  if (text !== null) parts.push(`(default: ${text})`);
  if (flag.aliases !== undefined && flag.aliases.length > 0) {
    parts.push(`(also: ${flag.aliases.map((alias) => `--${alias}`).join(", ")})`);
  }
  return parts.join(" ");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
