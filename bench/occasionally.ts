/**
 * Lines about how far something is, no more often than one wants to read them.
 *
 * @module
 */

const EVERY_MS = 15_000;

/** Says a line only if none was said in the last quarter of a minute. */
export function occasionally(say: (line: string) => void): (line: string) => void {
  let said = performance.now();
  return (line) => {
    if (performance.now() - said < EVERY_MS) return;
    said = performance.now();
    say(line);
  };
}
