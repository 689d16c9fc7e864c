/**
 * Checks of JSON documents against schemas.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export * from "npm:valibot@1.5.0";
