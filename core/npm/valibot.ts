/**
 * Valibot, which checks JSON documents against schemas; its version stands here alone.
 *
 * @module
 */

export * from "npm:valibot@1.5.0";
