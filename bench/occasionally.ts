/**
 * Lines about how far something is, no more often than one wants to read them.
 *
 * @module
 */

const EVERY_MS = 15_000;
/** For what takes many minutes. */
export const MINUTE_MS = 60_000;

/**
 * Says a line only if none was said lately.
 *
 * @param everyMs Milliseconds between two lines, and before the first.
 */
export function occasionally(
  say: (line: string) => void,
  everyMs = EVERY_MS,
): (line: string) => void {
  let said = performance.now();
  return (line) => {
    if (performance.now() - said < everyMs) return;
    said = performance.now();
    say(line);
  };
}
