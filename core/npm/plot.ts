/**
 * Observable Plot, and a document for it to draw in. Load it only where something is drawn: both are heavy.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export * as plot from "npm:@observablehq/plot@0.6.17";
// deno-lint-ignore no-import-prefix
export { parseHTML } from "npm:linkedom@0.18.15";
