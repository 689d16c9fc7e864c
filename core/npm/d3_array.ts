/**
 * Order statistics, and ticks of axes.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
// @ts-types="npm:@types/d3-array@^3.2.2"
export { median, nice, quantile, quantileSorted, ticks } from "npm:d3-array@^3.2.5";
