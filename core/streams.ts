/**
 * Standard output and standard error, which may end before the work does: a reader that has gone, a full disk, a closed
 * terminal. If a stream fails, printing stops and the work goes on.
 *
 * @module
 */

import { fs, IN_BROWSER } from "./deno.ts";
import { printableLines } from "./printable.ts";

/** A stream that can be written to at once. */
export interface SyncWriter {
  /** Writes some of the bytes and says how many. */
  writeSync(bytes: Uint8Array): number;
}

const encoder = new TextEncoder();
/** How long to wait before another write to a stream that would block, and for how long to keep trying. */
const AGAIN_MS = 10, PATIENCE_MS = 5_000;

/** A stream that takes text until a write fails; later text is dropped. */
export class TextStream {
  readonly #writer: SyncWriter;
  #failure: Error | null = null;

  constructor(writer: SyncWriter) {
    this.#writer = writer;
  }

  /** Why later text was lost; null if none was. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Writes a text or bytes as they are, all of it before this returns. Never throws. */
  write(data: string | Uint8Array): void {
    if (this.#failure !== null) return;
    let bytes = typeof data === "string" ? encoder.encode(data) : data, waited = 0;
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(this.#writer.writeSync(bytes));
        waited = 0;
      } catch (error) {
        if (error instanceof fs.errors.WouldBlock && waited < PATIENCE_MS) {
          // The other end made it non-blocking and has yet to read.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
          waited += AGAIN_MS;
          continue;
        }
        this.#failure = error instanceof Error ? error : new Error(String(error));
        return;
      }
    }
  }

  /** Writes lines of text, in which characters that a terminal would obey are shown as their codes. */
  line(text: string): void {
    this.write(`${printableLines(text)}\n`);
  }
}

/** The console of a browser, which adds the end of the line itself. */
function browserConsole(level: "log" | "warn"): SyncWriter {
  return {
    writeSync(bytes) {
      // deno-lint-ignore no-console -- a browser has no other stream
      console[level](new TextDecoder().decode(bytes).replace(/\n$/, ""));
      return bytes.length;
    },
  };
}

/** Standard output. */
const standardOutput: TextStream = new TextStream(IN_BROWSER ? browserConsole("log") : Deno.stdout);
/** Standard error. */
export const standardError: TextStream = new TextStream(
  IN_BROWSER ? browserConsole("warn") : Deno.stderr,
);

/** Where the lines of a command's result go. */
let results: TextStream | null = standardOutput;

/** Prints lines of a command's result. */
export function print(text: string): void {
  results?.line(text);
}

/**
 * From now on standard output takes {@linkcode writeData} alone; what is printed goes to standard error.
 *
 * @param quiet Whether it is dropped.
 */
export function keepOutputForData(quiet: boolean): void {
  results = quiet ? null : standardError;
}

/** Writes to standard output as it is. */
export function writeData(data: string | Uint8Array): void {
  standardOutput.write(data);
}

/** Prints a message that is not part of the result, on standard error. */
export function tell(text: string): void {
  standardError.line(text);
}

/**
 * The exit status of a command that ended with `status`: 1, with a line on standard error, if printed results were
 * lost. A reader that closed its end, as `| head` does, does not count as a loss.
 */
export function printedStatus(status: number, output: TextStream = standardOutput): number {
  const { failure } = output;
  if (failure === null || failure instanceof fs.errors.BrokenPipe) return status;
  const reason = failure.message.replace(/ \(os error \d+\).*$/s, "");
  tell(`error: Cannot write to standard output: ${reason}; files that were asked for are written`);
  return status === 0 ? 1 : status;
}
