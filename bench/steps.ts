/**
 * Timed training steps over minibatches that lie ready in memory, as a framework's benchmark has them.
 *
 * @module
 */

import { createInputs } from "../data/inputs.ts";
import type { Dataset, Inputs } from "../data/types.ts";
import { LookupGrouper } from "../kernels/embedding/group.ts";
import type { Model } from "../train/model/model.ts";
import type { Stage } from "../train/stages.ts";

/** Reads the first minibatches of a data set's training split in file order. */
export async function readMinibatches(
  dataset: Dataset,
  batch: number,
  count: number,
): Promise<Inputs[]> {
  const reader = dataset.reader("train", { kind: "sequential" });
  const minibatches: Inputs[] = [];
  for (let i = 0; i < count; i++) {
    const inputs = createInputs(dataset.schema, batch);
    await reader.read(i * batch, batch, inputs);
    minibatches.push(inputs);
  }
  return minibatches;
}

/** What some steps came to. */
interface TimedSteps {
  readonly ms: number;
  /** Kernels launched. */
  readonly dispatches: number;
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  readonly losses: Float32Array;
}

/** Trains over the same minibatches again and again. Grouping and upload are part of a step; reading is not. */
export class StepRunner {
  readonly #model: Model;
  readonly #minibatches: readonly Inputs[];
  readonly #learningRate: number;
  readonly #grouper: LookupGrouper;
  #step = 0;
  #prepareMs = 0;
  #uploadMs = 0;

  /** @param minibatches At least one; each of at most `model.maxBatch` inputs. */
  constructor(model: Model, minibatches: readonly Inputs[], learningRate: number) {
    this.#model = model;
    this.#minibatches = minibatches;
    this.#learningRate = learningRate;
    this.#grouper = new LookupGrouper(model.tables.rows);
  }

  /**
   * Runs some steps, no more than the model has loss slots, and gives their wall time in ms, their losses, and the
   * time booked on each stage in ms, as far as the device can tell.
   */
  async run(steps: number): Promise<TimedSteps> {
    const { device, losses } = this.#model;
    if (steps > losses.slots) {
      throw new RangeError(
        `Cannot run ${steps} steps at once: the model has ${losses.slots} slots`,
      );
    }
    await device.sync();
    await device.takeStageTimes();
    this.#prepareMs = this.#uploadMs = 0;
    const before = device.counters.dispatches;
    const begun = performance.now();
    for (let i = 0; i < steps; i++) this.#one(i);
    await device.sync();
    const ms = performance.now() - begun;
    const dispatches = device.counters.dispatches - before;
    const stages = {
      prepare: this.#prepareMs,
      upload: this.#uploadMs,
      ...await device.takeStageTimes(),
    };
    return {
      ms,
      dispatches,
      stages,
      losses: new Float32Array(await device.read(losses.buffer, 0, 4 * steps)),
    };
  }

  #one(slot: number): void {
    const begun = performance.now();
    const { size, dense, ids, labels } = this.#minibatches[this.#step % this.#minibatches.length]!;
    const lookups = this.#grouper.group({ bags: size, ids, offsets: null });
    const grouped = performance.now();
    this.#model.upload({ size, dense, labels, lookups });
    this.#model.setStep(this.#learningRate, slot);
    this.#prepareMs += grouped - begun;
    this.#uploadMs += performance.now() - grouped;
    this.#model.device.run(this.#model.trainProgram(size));
    this.#step++;
  }
}
