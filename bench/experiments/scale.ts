/**
 * How the cost of skipping goes with the number of inputs.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { figureColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings } from "../experiment.ts";
import { AUC, formatEstimate, LOG_LOSS } from "../study/compare.ts";
import {
  comparedOf,
  differenceColumns,
  powerColumns,
  SEEDS_COLUMN,
  statisticsNotes,
  variantColumn,
} from "../study/comparison.ts";
import { workloadSettings } from "../study/settings.ts";
import { deviceOf, type Trained, trainedRequests, TRAINING_FLAGS } from "../study/trained.ts";

const LARGEST = 8_000_000, SIZES = 5, SEEDS = 3;
const SMOKE_INPUTS = 8000, SMOKE_BATCH = 64;
/** All inputs, stale ones skipped, as many dropped at random. */
const DEFAULT = ["fae", "slipstream", "random-drop"].map((plan) => `${plan},schedule=interleaved`);

/** Trains three variants at doubling sizes. */
export const scaleExperiment = defineExperiment({
  name: "scale",
  summary:
    "The cost of skipping against the number of inputs: doubling sizes up to --inputs; goes on where it stopped",
  title: "The cost of skipping by size",
  suite: "never",
  trains: true,
  flags: [...TRAINING_FLAGS, "variants"],
  async run(settings): Promise<Findings> {
    const { smoke } = settings;
    const largest = smoke ? SMOKE_INPUTS : settings.inputs ?? LARGEST;
    const sizes = Array.from(
      { length: smoke ? 1 : SIZES },
      (_, i) => Math.round(largest / 2 ** i),
    ).reverse();
    const seeds = smoke ? 1 : settings.seeds ?? SEEDS;
    const names = settings.variants.length > 0 ? settings.variants : DEFAULT;
    const [all, ...others] = names as [string, ...string[]];
    const trained: Trained[] = [];
    for (const workload of settings.workloads) {
      const batch = settings.batch[0] ?? (smoke ? SMOKE_BATCH : workloadSettings(workload).batch);
      const requests = sizes.map((inputs) => ({ workload, size: { inputs, seeds, batch }, names }));
      const results = await trainedRequests(requests, settings);
      trained.push(...requests.map((request, i) => ({ ...request, results: results[i]! })));
    }
    return {
      tables: settings.workloads.map((workload) => {
        const own = trained.filter((one) => one.workload === workload);
        const title = `${workload}: what skipping costs against ${all}`;
        const compared = comparedOf(own, others);
        return tableOf({ title }, compared, [
          figureColumn("inputs", ({ size }) => formatCount(size.inputs)),
          SEEDS_COLUMN,
          figureColumn(`AUC of ${all}`, ({ results }) => formatEstimate(results.mean(all, AUC))),
          variantColumn("variant"),
          ...differenceColumns(compared, [
            { heading: "AUC", against: () => all },
            { heading: "log-loss", against: () => all, measure: LOG_LOSS },
          ]),
          ...powerColumns({ against: () => all }),
        ]);
      }),
      device: deviceOf(trained),
      notes: statisticsNotes(trained),
    };
  },
});
