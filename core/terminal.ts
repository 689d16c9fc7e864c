/**
 * Where output goes: a terminal or a file, with or without colour, and how wide.
 *
 * @module
 */

import { environmentVariable, IN_BROWSER } from "./deno.ts";

/** Where output goes and what it can show. */
export interface Terminal {
  /** Whether lines may be rewritten, because a person watches. False in CI and for `TERM=dumb`. */
  readonly interactive: boolean;
  /** Colour codes may be written. Never true unless `interactive`. */
  readonly color: boolean;
  /** Columns; 80 where it cannot be known. */
  readonly width: number;
}

/** A place that is not a terminal. */
export const PLAIN: Terminal = { interactive: false, color: false, width: 80 };

/** What decides whether a stream is a terminal; replaced in tests. */
interface TerminalFacts {
  /** The stream is a terminal. */
  readonly isTerminal: boolean;
  /** The user asked for no colour (https://no-color.org). */
  readonly noColor: boolean;
  /** Its width, where known. */
  readonly columns: number | null;
  /** An environment variable, or undefined where it is unset or may not be read. */
  env(name: string): string | undefined;
}

/** Decides from facts. `CI` set to anything but empty or `false`, or `TERM=dumb`, makes a terminal plain. */
export function terminalFrom(facts: TerminalFacts): Terminal {
  const ci = facts.env("CI");
  const inCi = ci !== undefined && ci !== "" && ci !== "false";
  const interactive = facts.isTerminal && !inCi && facts.env("TERM") !== "dumb";
  return {
    interactive,
    color: interactive && !facts.noColor,
    width: facts.columns !== null && facts.columns > 0 ? facts.columns : PLAIN.width,
  };
}

/** Looks at standard output or standard error. Needs no permission; without `env` permission only `NO_COLOR` counts. */
export function detectTerminal(stream: "stdout" | "stderr" = "stderr"): Terminal {
  if (IN_BROWSER) return PLAIN;
  const isTerminal = Deno[stream].isTerminal();
  return terminalFrom({
    isTerminal,
    noColor: Deno.noColor,
    columns: isTerminal ? columns() : null,
    env: environmentVariable,
  });
}

function columns(): number | null {
  try {
    return Deno.consoleSize().columns;
  } catch {
    // A terminal without a size, such as a serial line.
    return null;
  }
}

/** Wraps a text in a style, or leaves it as it is where colour is off. */
type Paint = (text: string) => string;

/** The styles in use. */
interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** Styles for a terminal; all do nothing where colour is off. */
export function palette(terminal: Terminal): Palette {
  const paint = (on: number, off: number): Paint =>
    terminal.color ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

// deno-lint-ignore no-control-regex -- the escape character is what is looked for
const STYLE_CODES = /\x1b\[[0-9;]*m/g;

/** Columns a text takes: code points, style codes left out. */
export function visibleWidth(text: string): number {
  return [...text.replace(STYLE_CODES, "")].length;
}
