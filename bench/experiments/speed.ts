/**
 * How fast each workload trains on this machine from its twin, at several minibatch sizes, the loop with its inputs.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import { openDevice } from "../../kernels/open.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { plainColumn, tableOf } from "../columns.ts";
import { deviceNote } from "../device_note.ts";
import { defineExperiment, type Findings } from "../experiment.ts";
import { runFed, stepColumns, type StepFigures } from "../feed_speed.ts";
import { workloadLabel } from "../paper_machine.ts";
import { timeSample } from "../samples.ts";

const BATCHES = [1024, 2048, 4096, 16_384], SMOKE_BATCHES = [32];
/** Steps a round: on a GPU enough to see what the loop settles at, on a CPU what is done in a second or two. */
const GPU_STEPS = 100, CPU_STEPS = 8, SMOKE_STEPS = 3;
const MOST_ROUNDS = 3;
/** Of the twins' tables: large enough that lookups seldom meet, small enough for any GPU. */
const MOST_ROWS = 1_000_000;
/**
 * Training inputs that are drawn beforehand; longer rounds walk them again. Every thread that draws a sequence's inputs on the
 * way would first draw all users' clicks, which takes longer than the rounds.
 */
const MOST_INPUTS = 2 ** 18;
/** Of a twin at least six in seven inputs train; of sequences, half of the users. */
const TRAIN_SHARE = 0.5;

/** A workload at a minibatch size. */
interface Timed {
  readonly workload: PresetName;
  readonly batch: number;
  readonly rounds: readonly StepFigures[];
}

/** Training speed, workload by workload. */
export const speedOfWorkloads = defineExperiment({
  name: "speed",
  summary: "RM1 to RM4 on this machine: samples a second, main thread and device time a step",
  title: "Training speed by workload on this machine",
  suite: "never",
  flags: ["device", "threads", "batch", "rounds", "workloads"],
  async run({ workloads, batch, rounds, smoke, say, signal, ...how }): Promise<Findings> {
    const { device, reason } = await openDevice({ ...how, stageTimes: true });
    using _ = device;
    say(`Device: ${device.info.kind}, ${device.info.name} (${reason})`);
    const slow = device.info.kind === "cpu" || device.info.isFallbackAdapter;
    const steps = smoke ? SMOKE_STEPS : slow ? CPU_STEPS : GPU_STEPS;
    const batches = smoke ? SMOKE_BATCHES : batch.length > 0 ? batch : BATCHES;
    const most = Math.max(...batches);
    const timed: Timed[] = [];
    for (const workload of workloads) {
      const wanted = Math.min((steps + 1) * most, Math.max(MOST_INPUTS, 2 * most)),
        inputs = Math.ceil(wanted / TRAIN_SHARE);
      using twin = await openTwin({ twin: workload, inputs, maxIndexRange: MOST_ROWS });
      say(`${workload}: drawing ${formatCount(inputs)} inputs`);
      using dataset = await materialise(twin, {
        threads: how.threads ?? navigator.hardwareConcurrency,
        signal,
      });
      for (const size of batches) {
        say(`${workload}, minibatches of ${size}`);
        const about = { dataset, model: workload, batch: size, steps, signal };
        const found = await runFed(device, { ...about, rounds: Math.min(rounds, MOST_ROUNDS) });
        timed.push({ workload, batch: size, rounds: found });
      }
    }
    const title = `Training on twins in memory whose tables have at most ${
      formatCount(MOST_ROWS)
    } rows, ${steps} steps`;
    return {
      tables: [
        tableOf({ title, short: true }, timed, [
          plainColumn("workload", ({ workload }) => workloadLabel(workload)),
          plainColumn("minibatch", ({ batch: size }) => size),
          ...stepColumns<Timed>((item) => item.batch),
        ]),
      ],
      samples: timed.map(({ workload, batch: size, rounds: found }) =>
        timeSample(`${workload}/${size}/step from memory`, "ms", found.map(({ stepMs }) => stepMs))
      ),
      device: deviceNote(device.info),
      notes: [
        `Inputs are drawn beforehand, ${
          formatCount(MOST_INPUTS)
        } that train at most; longer rounds walk them again`,
        ...(device.info.isFallbackAdapter
          ? [`${device.info.name} is a software adapter: its speed says nothing`]
          : []),
      ],
    };
  },
});
