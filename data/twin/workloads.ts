/**
 * What is known of the four workloads beyond a sample: sizes, click rates, and the AUC that trained models reach.
 *
 * Sizes of Criteo Kaggle and Terabyte (ids modulo 10,000,000, 24 days) are those of the DLRM authors' table lists; those
 * of Avazu come from public analyses.
 *
 * @module
 */

import type { FitOptions } from "./fit.ts";
import type { HistoryFitOptions } from "./histories.ts";

/** Names of the workloads, of their twins and of their models. `rm1` has sequences, the others one lookup a table. */
export const WORKLOAD_NAMES = ["rm1", "rm2", "rm3", "rm4"] as const;

/** The name of a workload. */
export type WorkloadName = typeof WORKLOAD_NAMES[number];

/** Taobao's published sizes. */
export const RM1_SIZES: HistoryFitOptions = {
  name: "rm1",
  users: 987_994,
  events: 100_150_807,
  items: 4_162_024,
  categories: 9_439,
};

const AVAZU_INPUTS = 40_428_967;

/** The workloads with one lookup a table, by name. */
export const TWIN_WORKLOADS: Readonly<Record<Exclude<WorkloadName, "rm1">, FitOptions>> = {
  rm2: {
    name: "rm2",
    inputs: 45_840_617,
    // deno-fmt-ignore
    distinct: [
      1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10, 5652,
      2173, 4, 7046547, 18, 15, 286181, 105, 142572,
    ],
    clickRate: 0.256,
    learnableAuc: 0.805,
  },
  rm3: {
    name: "rm3",
    inputs: 4_373_472_329,
    // deno-fmt-ignore
    distinct: [
      9980333, 36084, 17217, 7378, 20134, 3, 7112, 1442, 61, 9758201, 1333352, 313829, 10, 2208, 11156, 122, 4, 970, 14,
      9994222, 7267859, 9946608, 415421, 12420, 101, 36,
    ],
    clickRate: 0.03,
    learnableAuc: 0.805,
    classes: [2, 4, 8],
  },
  rm4: {
    name: "rm4",
    inputs: AVAZU_INPUTS,
    // deno-fmt-ignore
    distinct: [
      7, 7, 4737, 7745, 26, 8552, 559, 36, 2686408, 6729486, 8251, 5, 4, 2626, 8, 9, 435, 4, 68, 172, 60,
    ],
    clickRate: 0.17,
    learnableAuc: 0.755,
    // Ten days of 24 hours.
    clock: { name: "hour", inputs: Math.round(AVAZU_INPUTS / 240), steps: 24 },
    // Found by a random search over these four numbers so that shares drawn on later days differ from those of the first hour,
    // and C14's ids known from it cover them, as in public rows of Avazu (tests/data/twin/drift_test.ts has the figures).
    drift: {
      C14: { groups: 194, lasting: 0.18, days: 4.22, salt: 406 },
      C17: { groups: 25, lasting: 0.43, days: 2.22, salt: 282 },
      C21: { groups: 4, lasting: 0.48, days: 2.47, salt: 595 },
      site_id: { groups: 1664, lasting: 0.73, days: 0.49, salt: 920 },
      app_id: { groups: 189, lasting: 0.01, days: 0.71, salt: 831 },
    },
  },
};
