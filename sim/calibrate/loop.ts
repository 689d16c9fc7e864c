/**
 * What the training loop takes a minibatch beside all stages.
 *
 * @module
 */

import { openSynthetic } from "../../data/synthetic.ts";
import { createModel } from "../../train/model/models.ts";
import { PRESETS, resolveShape } from "../../train/model/presets.ts";
import { constantRate } from "../../train/run/learning_rate.ts";
import { train } from "../../train/run/trainer.ts";
import { RecordList } from "../runtime/record_list.ts";
import type { Bench } from "./bench.ts";
import type { Timed } from "./cases.ts";
import { summarise } from "../../core/statistics.ts";

/** Minibatches of a sample. */
const STEPS = 60;

/** Trains a model so small that its stages take next to nothing; a sample is a minibatch's time without them. */
export function loopTimes({ host }: Bench): Timed {
  const dataset = openSynthetic({ inputs: 2000, tableRows: [10, 10], denseColumns: 2 });
  const shape = resolveShape(PRESETS.rm2, dataset.schema, {
    bottom: [2, 4],
    dim: 4,
    top: [4, 1],
  });
  const model = createModel(host, shape, { optimizer: { kind: "sgd" }, maxBatch: 16 });
  return {
    async sample() {
      const list = new RecordList();
      await train(model, dataset, {
        batch: 16,
        seed: 1,
        schedule: constantRate(0.01),
        maxSteps: STEPS,
        prepareWorkers: 0,
        trace: list,
      });
      return 1000 * Math.max(
        0,
        summarise(
          list.records.map(({ wall_ms, stages_ms }) =>
            wall_ms - Object.values(stages_ms).reduce((sum, ms) => sum + ms, 0)
          ),
        ).median,
      );
    },
    dispose: () => model.dispose(),
  };
}
