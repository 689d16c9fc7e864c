/**
 * A command of this project in a process of its own, with an end in time.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** A process that is told to end gets so long before it is killed. */
const GRACE_MS = 10_000;

/** How a process ended. */
export interface ChildEnd {
  /** Null where it was ended for want of time. */
  readonly code: number | null;
  readonly stdout: string;
  /** The last line that it wrote to standard error, or empty. */
  readonly lastLine: string;
}

/**
 * Runs one of the project's tasks.
 *
 * @param words The task's name and what follows it.
 * @param say Is told each line of its standard error.
 * @throws The reason of `signal` once that is aborted.
 */
export async function runTask(
  words: readonly string[],
  { milliseconds, env, say, signal }: {
    readonly milliseconds: number;
    readonly env: Readonly<Record<string, string>>;
    readonly say: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<ChildEnd> {
  signal.throwIfAborted();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...words],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timers: ReturnType<typeof setTimeout>[] = [];
  const end = (): void => {
    kill(child, "SIGTERM");
    timers.push(setTimeout(() => kill(child, "SIGKILL"), GRACE_MS));
  };
  timers.push(setTimeout(() => {
    late = true;
    end();
  }, milliseconds));
  signal.addEventListener("abort", end);
  try {
    const [stdout, lastLine, { code }] = await Promise.all([
      new Response(child.stdout).text(),
      forwardLines(child.stderr, say),
      child.status,
    ]);
    signal.throwIfAborted();
    return { code: late ? null : code, stdout, lastLine };
  } finally {
    signal.removeEventListener("abort", end);
    for (const timer of timers) clearTimeout(timer);
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}

/** Passes lines on as they come, and gives the last that is not empty. */
async function forwardLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  say: (line: string) => void,
): Promise<string> {
  let rest = "", last = "";
  const tellLine = (line: string): void => {
    if (line.trim() === "") return;
    last = line.trim();
    say(line);
  };
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(tellLine);
  }
  tellLine(rest);
  return last;
}
