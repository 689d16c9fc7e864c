/**
 * A small template: what WGSL cannot express, since it has no arrays of registers.
 *
 * @module
 */

/** Repeats each line that has `$r` in it, with 0, 1, … `times` - 1 in its place. */
export function unroll(source: string, times: number): string {
  return source.split("\n").flatMap((line) =>
    line.includes("$r")
      ? Array.from({ length: times }, (_, i) => line.replaceAll("$r", String(i)))
      : [line]
  ).join("\n");
}
