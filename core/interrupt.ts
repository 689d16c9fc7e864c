/**
 * Ctrl-C for commands that take long.
 *
 * @module
 */

/** Exit status of a process that SIGINT ended. */
export const INTERRUPTED = 130;

/**
 * Does something that the first Ctrl-C asks to end, and a second one ends at once.
 *
 * @param reason Of the signal, once it is aborted.
 */
export async function interruptible<T>(
  body: (signal: AbortSignal) => Promise<T>,
  reason: () => Error,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    controller.abort(reason());
  };
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    return await body(controller.signal);
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}
