/**
 * esbuild, which puts the page's modules together as one script. Only `deno task page` and tests use it.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { build, type Plugin, stop } from "npm:esbuild@0.28.2";
