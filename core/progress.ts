/**
 * How far a long task is: one rewritten line on a terminal, plain lines elsewhere, nothing when quiet.
 *
 * @module
 */

import { formatBytes, formatClock, formatCount, formatSi } from "./format.ts";
import { printable, printableLines } from "./printable.ts";
import { RecentRate } from "./recent_rate.ts";
import { standardError } from "./streams.ts";
import { palette, type Terminal, visibleWidth } from "./terminal.ts";

/** What a progress display needs. */
export interface ProgressOptions {
  /** One or two words: `train`. */
  readonly label: string;
  /** When `done` reaches this the task is complete; null where it cannot be known. */
  readonly total: number | null;
  /** What is counted: `samples`; `B` for bytes, which are shown as kB, MB and so on. */
  readonly unit: string;
  /** What the display may do. */
  readonly terminal: Terminal;
  /** Writes nothing at all. */
  readonly quiet?: boolean;
  /** Where `done` starts; what the first `update` says unless told. The rate leaves it out. */
  readonly initial?: number;
  /** Receives every piece of output. Standard error by default. */
  readonly write?: (text: string) => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/** Texts shown after the rate, by name: `{ loss: "0.4512" }`. */
export type ProgressFields = Readonly<Record<string, string>>;

const REDRAW_MS = 100;
const LINE_MS = 10_000;
const LINE_LEAST_MS = 1_000;
const LINE_SHARE = 0.1;
/** Longest bar and shortest; a terminal with room for less has none. */
const BAR_COLUMNS = 24, BAR_LEAST = 8;

/**
 * A progress display. On a terminal it owns the current line from the first `update` to `finish`; use `print` for
 * lines in between.
 */
export class Progress implements Disposable {
  readonly #options: ProgressOptions;
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  readonly #rate = new RecentRate();
  #done: number;
  #fields: ProgressFields = {};
  #drawn = false;
  #finished = false;
  #shownAt = -Infinity;
  #shownDone: number;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#write = options.write ?? ((text) => standardError.write(text));
    this.#now = options.now ?? (() => performance.now());
    const { initial, terminal } = options;
    this.#done = this.#shownDone = initial ?? 0;
    const now = this.#now();
    if (initial !== undefined) this.#rate.add(now, initial);
    if (!terminal.interactive) this.#shownAt = now;
  }

  /** Says how much is done in all. Cheap: shows something only when it is time. */
  update(done: number, fields: ProgressFields = this.#fields): void {
    if (this.#finished) return;
    this.#done = done;
    this.#fields = fields;
    if (this.#options.quiet) return;
    const now = this.#now();
    this.#rate.add(now, done);
    const waited = now - this.#shownAt;
    if (this.#options.terminal.interactive) {
      if (waited >= REDRAW_MS) this.#draw(now);
    } else {
      const { total } = this.#options;
      const share = total === null ? 0 : (done - this.#shownDone) / total;
      if (waited >= LINE_MS || (share >= LINE_SHARE && waited >= LINE_LEAST_MS)) {
        this.#line(now);
      }
    }
  }

  /** Writes a line of text; on a terminal it goes above the bar. */
  print(text: string): void {
    if (this.#options.quiet) return;
    this.#clear();
    this.#write(`${printableLines(text)}\n`);
    if (this.#options.terminal.interactive && !this.#finished) this.#draw(this.#now());
  }

  /** Gives the line back, then writes the summary if there is one. Later calls do nothing. */
  finish(summary?: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#clear();
    if (summary !== undefined && !this.#options.quiet) this.#write(`${printableLines(summary)}\n`);
  }

  /** The same as `finish()`, so that `using` gives the line back when an error passes. */
  [Symbol.dispose](): void {
    this.finish();
  }

  #clear(): void {
    if (!this.#drawn) return;
    this.#write("\r\x1b[K");
    this.#drawn = false;
  }

  #draw(now: number): void {
    this.#shownAt = now;
    this.#write(`\r${this.#fitted(this.#options.terminal.width - 1)}\x1b[K`);
    this.#drawn = true;
  }

  /** As much as fits: first the bar gets shorter and goes, then what is said goes, what matters least first. */
  #fitted(room: number): string {
    const { label, terminal, total } = this.#options;
    const paint = palette(terminal);
    const parts = this.#parts();
    const text = textOf(parts);
    const columns = Math.min(BAR_COLUMNS, room - visibleWidth(`${label}  ${text}`));
    if (total !== null && total > 0 && columns >= BAR_LEAST) {
      const filled = Math.round(columns * Math.min(1, Math.max(0, this.#done / total)));
      const bar = "█".repeat(filled) + "░".repeat(columns - filled);
      return `${paint.bold(label)} ${paint.cyan(bar)} ${text}`;
    }
    while (parts.length > 1 && visibleWidth(`${label} ${textOf(parts)}`) > room) {
      const last = parts.reduce((least, part) => part.rank >= least.rank ? part : least);
      parts.splice(parts.indexOf(last), 1);
    }
    return [...`${label} ${textOf(parts)}`].slice(0, Math.max(0, room)).join("");
  }

  #line(now: number): void {
    this.#shownAt = now;
    this.#shownDone = this.#done;
    this.#write(`${this.#options.label} ${textOf(this.#parts())}\n`);
  }

  /** What is said, in the order in which it is shown. */
  #parts(): Part[] {
    const { total, unit } = this.#options;
    const perSecond = this.#rate.perSecond;
    const amount = (value: number): string =>
      unit === "B" ? formatBytes(value) : formatCount(value);
    const behind = unit === "B" ? "" : ` ${unit}`;
    const parts: Part[] = [];
    if (total !== null && total > 0) {
      const percent = Math.min(100, Math.floor(100 * this.#done / total));
      parts.push({ rank: 0, text: `${percent.toString().padStart(3)} %` });
    }
    const of = total === null ? "" : `/${amount(total)}`;
    parts.push({ rank: total === null ? 0 : 4, text: `${amount(this.#done)}${of}${behind}` });
    if (perSecond !== null) {
      const text = unit === "B" ? formatBytes(perSecond) : `${formatSi(perSecond)} ${unit}`;
      parts.push({ rank: 3, text: `${text}/s` });
    }
    for (const [i, [name, value]] of Object.entries(this.#fields).entries()) {
      parts.push({ rank: i === 0 ? 2 : 4 + i, text: `${name} ${printable(value)}` });
    }
    if (perSecond !== null && perSecond > 0 && total !== null) {
      const seconds = Math.max(0, total - this.#done) / perSecond;
      parts.push({ rank: 1, text: `${formatClock(seconds)} left` });
    }
    return parts;
  }
}

/** A piece of the line. */
interface Part {
  /** How soon it goes where there is no room: the highest first. */
  readonly rank: number;
  readonly text: string;
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join("  ");
}
