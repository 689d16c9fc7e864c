/**
 * Ctrl-C for commands that take minutes.
 *
 * @module
 */

/** Exit status of a process that SIGINT ended. */
export const INTERRUPTED = 130;

/** Somebody pressed Ctrl-C. */
export class Interruption extends Error {}

/**
 * Does something that the first Ctrl-C ends in order, and a second one at once.
 *
 * @throws {Interruption} It was interrupted.
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    controller.abort(new Interruption("Interrupted: nothing was written"));
  };
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    return await body(controller.signal);
  } catch (error) {
    // Whatever fails after it fails because of it.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}
