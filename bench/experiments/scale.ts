/**
 * How the cost of skipping goes with the number of inputs.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import {
  AUC,
  formatDifference,
  formatEstimate,
  LOG_LOSS,
  type StudyResults,
} from "../study/compare.ts";
import { WORKLOADS } from "../study/settings.ts";
import { deviceOf, trainedRequests } from "../study/trained.ts";

const LARGEST = 8_000_000, SIZES = 5, SEEDS = 3;
const SMOKE_INPUTS = 8000, SMOKE_BATCH = 64;
/** All inputs, stale ones skipped, as many dropped at random. */
const DEFAULT = ["fae", "slipstream", "random-drop"].map((plan) => `${plan},schedule=interleaved`);
/** Goal: skipping costs no more than this. */
const GOAL = 0.0005;

/** Trains three variants at doubling sizes. */
export const scaleExperiment: Experiment = {
  name: "scale",
  summary:
    "The cost of skipping against the number of inputs: doubling sizes up to --inputs; goes on where it stopped",
  title: "The cost of skipping by size",
  suite: "never",
  trains: true,
  async run(settings: Settings): Promise<Findings> {
    const { smoke } = settings;
    const largest = smoke ? SMOKE_INPUTS : settings.inputs ?? LARGEST;
    const sizes = Array.from(
      { length: smoke ? 1 : SIZES },
      (_, i) => Math.round(largest / 2 ** i),
    ).reverse();
    const seeds = smoke ? 1 : settings.seeds ?? SEEDS;
    const names = settings.variants.length > 0 ? settings.variants : DEFAULT;
    const [all, ...others] = names;
    const tables: ResultTable[] = [], trained: StudyResults[] = [];
    for (const workload of settings.workloads) {
      const rows: Cell[][] = [];
      const batch = settings.batch[0] ?? (smoke ? SMOKE_BATCH : WORKLOADS[workload].batch);
      const own = await trainedRequests(
        sizes.map((inputs) => ({ workload, size: { inputs, seeds, batch }, names })),
        settings,
      );
      trained.push(...own);
      for (const [i, inputs] of sizes.entries()) {
        const results = own[i]!;
        for (const name of others) {
          const difference = results.difference(name, all!, AUC);
          rows.push([
            formatCount(inputs),
            results.of(name).length,
            formatEstimate(results.mean(all!, AUC)),
            name,
            formatDifference(difference),
            formatDifference(results.difference(name, all!, LOG_LOSS)),
            difference === null ? "" : difference.mean >= -GOAL ? "yes" : "no",
          ]);
        }
      }
      tables.push({
        title: `${workload}: what skipping costs against ${all}`,
        columns: [
          { name: "inputs", align: "right" },
          { name: "seeds" },
          { name: `AUC of ${all}`, align: "right" },
          { name: "variant" },
          { name: "AUC", align: "right" },
          { name: "log-loss", align: "right" },
          { name: `within ${GOAL} AUC` },
        ],
        rows,
      });
    }
    return {
      tables,
      device: deviceOf(trained),
      notes: [
        "Differences over the seeds that both have, 95 % intervals; a star marks one that leaves zero out",
      ],
    };
  },
};
