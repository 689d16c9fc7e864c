/**
 * The page of a run, and of several side by side.
 *
 * @module
 */

export { runPage, writeRunPage } from "./page.ts";
export { type RunView, viewOfEvents, viewOfResult } from "./view.ts";
