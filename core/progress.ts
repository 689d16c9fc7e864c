/**
 * How far a long task is: one rewritten line on a terminal, plain lines elsewhere, nothing when quiet.
 *
 * @module
 */

import { formatClock, formatCount, formatSi } from "./format.ts";
import { printable, printableLines } from "./printable.ts";
import { standardError } from "./streams.ts";
import { palette, type Terminal, visibleWidth } from "./terminal.ts";

/** What a progress display needs. */
export interface ProgressOptions {
  /** One or two words: `train`. */
  readonly label: string;
  /** When `done` reaches this the task is complete; null where it cannot be known. */
  readonly total: number | null;
  /** What is counted: `samples`. */
  readonly unit: string;
  /** What the display may do. */
  readonly terminal: Terminal;
  /** Writes nothing at all. */
  readonly quiet?: boolean;
  /** Where `done` starts; the rate leaves it out. */
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
/** Time constant of the rate's running mean. */
const RATE_MS = 5_000;
const BAR_COLUMNS = 24;

/**
 * A progress display. On a terminal it owns the current line from the first `update` to `finish`; use `print` for
 * lines in between.
 */
export class Progress implements Disposable {
  readonly #options: ProgressOptions;
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #initial: number;
  #done: number;
  #fields: ProgressFields = {};
  #drawn = false;
  #finished = false;
  #shownAt = -Infinity;
  #shownDone: number;
  #rateAt: number;
  #rateDone: number;
  #rate: number | null = null;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#write = options.write ?? ((text) => standardError.write(text));
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = this.#now();
    this.#initial = options.initial ?? 0;
    this.#done = this.#shownDone = this.#rateDone = this.#initial;
    this.#rateAt = this.#startedAt;
    if (!options.terminal.interactive) this.#shownAt = this.#startedAt;
  }

  /** Says how much is done in all. Cheap: shows something only when it is time. */
  update(done: number, fields: ProgressFields = this.#fields): void {
    if (this.#finished) return;
    this.#done = done;
    this.#fields = fields;
    if (this.#options.quiet) return;
    const now = this.#now();
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
    this.#advanceRate(now);
    this.#shownAt = now;
    const { terminal, label, total } = this.#options;
    const paint = palette(terminal);
    const tail = this.#text();
    const room = terminal.width - 1;
    const bar = total === null || total <= 0 ? null : this.#bar(total);
    const withBar = bar === null ? null : `${label} ${bar} ${tail}`;
    const text = withBar !== null && visibleWidth(withBar) <= room
      ? `${paint.bold(label)} ${paint.cyan(bar!)} ${tail}`
      : [...`${label} ${tail}`].slice(0, room).join("");
    this.#write(`\r${text}\x1b[K`);
    this.#drawn = true;
  }

  #bar(total: number): string {
    const filled = Math.round(BAR_COLUMNS * Math.min(1, Math.max(0, this.#done / total)));
    return "█".repeat(filled) + "░".repeat(BAR_COLUMNS - filled);
  }

  #line(now: number): void {
    this.#advanceRate(now);
    this.#shownAt = now;
    this.#shownDone = this.#done;
    this.#write(`${this.#options.label} ${this.#text()}\n`);
  }

  #text(): string {
    const { total, unit } = this.#options;
    const parts: string[] = [];
    if (total !== null && total > 0) {
      const percent = Math.min(100, Math.floor(100 * this.#done / total));
      parts.push(`${percent.toString().padStart(3)} %`);
    }
    const of = total === null ? "" : `/${formatCount(total)}`;
    parts.push(`${formatCount(this.#done)}${of} ${unit}`);
    if (this.#rate !== null) {
      parts.push(`${formatSi(this.#rate)} ${unit}/s`);
    }
    for (const [name, value] of Object.entries(this.#fields)) {
      parts.push(`${name} ${printable(value)}`);
    }
    if (this.#rate !== null && this.#rate > 0 && total !== null) {
      parts.push(`${formatClock(Math.max(0, total - this.#done) / this.#rate)} left`);
    }
    return parts.join("  ");
  }

  /** Moves the running mean of the rate to now: recent seconds count most, earlier ones fade out. */
  #advanceRate(now: number): void {
    const elapsed = now - this.#rateAt;
    if (elapsed <= 0 || this.#done === this.#initial) return;
    const recent = 1000 * (this.#done - this.#rateDone) / elapsed;
    const weight = 1 - Math.exp(-elapsed / RATE_MS);
    this.#rate = this.#rate === null ? recent : this.#rate + weight * (recent - this.#rate);
    this.#rateAt = now;
    this.#rateDone = this.#done;
  }
}
