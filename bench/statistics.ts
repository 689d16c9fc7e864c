/**
 * What is said of repeated measurements.
 *
 * @module
 */

export { summarise, type Summary } from "../core/statistics.ts";
