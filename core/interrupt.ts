/**
 * Signals that ask a command to end: Ctrl-C, and what schedulers, containers and closed terminals send.
 *
 * @module
 */

import { UserError } from "./errors.ts";

/** Signals that ask for an orderly end, with their numbers. */
const ENDING = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** One of the signals that ask for an orderly end. */
export type EndingSignal = keyof typeof ENDING;

/** Somebody asked the command to end. */
export class Interruption extends UserError {
  /** What asked for it. */
  readonly signal: EndingSignal;

  constructor(signal: EndingSignal, message = "Interrupted") {
    super(message);
    this.name = "Interruption";
    this.signal = signal;
  }

  /** Exit status of a process that the signal ended: 128 and its number, as shells have it. */
  get exitStatus(): number {
    return 128 + ENDING[this.signal];
  }
}

/**
 * Does something that the first of these signals asks to end. A second Ctrl-C ends it at once; other signals do not, since
 * schedulers and shells send theirs more than once.
 *
 * @param onInterruption Is told when it is asked for, and gives the reason of the signal; an {@linkcode Interruption} unless
 * told.
 */
export async function interruptible<T>(
  body: (signal: AbortSignal) => Promise<T>,
  onInterruption: (by: EndingSignal) => Interruption = (by) => new Interruption(by),
): Promise<T> {
  const controller = new AbortController();
  const listeners = names().map((name) => {
    const listener = (): void => {
      if (!controller.signal.aborted) controller.abort(onInterruption(name));
      else if (name === "SIGINT") Deno.exit(128 + ENDING.SIGINT);
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  try {
    return await body(controller.signal);
  } finally {
    for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
  }
}

/** The status of a command that a signal interrupted. */
export function interruptedStatus({ reason }: AbortSignal): number {
  return reason instanceof Interruption ? reason.exitStatus : 128 + ENDING.SIGINT;
}

/** Windows knows no SIGTERM that can be listened to. */
function names(): EndingSignal[] {
  const all = Object.keys(ENDING) as EndingSignal[];
  return Deno.build.os === "windows" ? all.filter((name) => name !== "SIGTERM") : all;
}
