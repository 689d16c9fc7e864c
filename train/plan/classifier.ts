/**
 * The input classifier: combines the scores of an input's rows on the device, and says which inputs to skip.
 *
 * @module
 */

import {
  inputScoresOp,
  type LookupLayout,
  type ScoreCombination,
  staleLookupsOp,
} from "../../kernels/staleness/op.ts";
import { whenCome } from "../../kernels/pending.ts";
import type { Device, DeviceBuffer, Matrix, Pending, Program } from "../../kernels/types.ts";
import type { Stage } from "../stages.ts";
import { NEVER } from "./criterion.ts";

/** An input's lookups, as its rows are laid out. */
export interface ClassifierShape {
  /** Sets of lookups that are counted apart: 1, or the tables of sequences. */
  readonly groups: number;
  /** Lookups of each: tables, or steps. */
  readonly lookups: number;
}

/** Inputs classified at a time. */
export const CLASSIFIER_INPUTS = 8192;

/** Larger than any mean of scores that can be stale. */
const HUGE = 1e30;

/** Holds the scores of hot rows on a device, and computes from them which inputs to skip. */
export class Classifier {
  /**
   * Hot rows of the inputs to be classified, to be filled by the caller with numbers of scores: lookup l of group g of
   * input b is at (g · lookups + l) · CLASSIFIER_INPUTS + b. What is there must be below the number of scores at all times.
   */
  readonly rows = new Uint32Array(0);
  readonly #device: Device;
  readonly #shape: ClassifierShape;
  readonly #scores: Matrix;
  readonly #list: DeviceBuffer;
  readonly #out: Matrix;
  readonly #scalars: DeviceBuffer;
  readonly #programs = new Map<string, Program>();

  /** @param rows Number of scores. */
  constructor(device: Device, rows: number, shape: ClassifierShape) {
    this.#device = device;
    this.#shape = shape;
    const { groups, lookups } = shape;
    this.rows = new Uint32Array(CLASSIFIER_INPUTS * groups * lookups);
    this.#scores = device.createMatrix(1, rows, "row scores");
    this.#list = device.createBuffer(this.rows.byteLength, "rows to classify");
    this.#out = device.createMatrix(CLASSIFIER_INPUTS, 1, "classified inputs");
    this.#scalars = device.createBuffer(16, "staleness threshold");
  }

  /** Sets the scores, one a row. */
  setScores(scores: Float32Array): void {
    this.#device.write(this.#scores.buffer, 4 * this.#scores.offset, scores);
  }

  /** The combined scores of the inputs whose rows have been filled in, a number an input. */
  scores(stage: Stage, combine: ScoreCombination): Pending<Float32Array> {
    const n = combine.kind === "nth-smallest" ? ` ${combine.n}` : "";
    const scores = this.#run(`${stage} ${combine.kind}${n}`, (layout) => (ops) => {
      ops.stage(stage);
      ops.add(inputScoresOp, {
        scores: this.#scores,
        rows: { buffer: this.#list, offset: 0, length: this.rows.length },
        layout,
        combine,
        out: this.#out,
      });
    });
    if (combine.kind !== "mean") return scores;
    // A mean with a score in it that is never stale is huge, or has overflown.
    return whenCome(scores, (all) => all.map((score) => score < HUGE ? score : NEVER));
  }

  /**
   * For each input whose rows have been filled in whether to skip it: 1, where its combined score is below the threshold.
   * With `nth-smallest` these are the inputs with n stale lookups in each group.
   */
  skips(combine: ScoreCombination, threshold: number): Pending<Uint8Array> {
    if (combine.kind === "mean") {
      const limit = Math.fround(threshold);
      return whenCome(
        this.scores("classify", combine),
        (scores) => Uint8Array.from(scores, (score) => score < limit ? 1 : 0),
      );
    }
    this.#device.write(this.#scalars, 0, new Float32Array([Math.min(threshold, NEVER)]));
    const stale = this.#run("stale", (layout) => (ops) => {
      ops.stage("classify");
      ops.add(staleLookupsOp, {
        scores: this.#scores,
        threshold: { buffer: this.#scalars, index: 0 },
        rows: { buffer: this.#list, offset: 0, length: this.rows.length },
        layout,
        out: this.#out,
      });
    });
    // The largest is below the threshold where all are.
    const needed = combine.kind === "max" ? this.#shape.lookups : combine.n;
    return whenCome(stale, (counts) => Uint8Array.from(counts, (n) => n >= needed ? 1 : 0));
  }

  /** Gives the device's memory back. */
  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
    for (const buffer of [this.#scores.buffer, this.#list, this.#out.buffer, this.#scalars]) {
      buffer.dispose();
    }
  }

  #run(
    key: string,
    body: (layout: LookupLayout) => Parameters<Device["record"]>[1],
  ): Pending<Float32Array> {
    const { groups, lookups } = this.#shape;
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = this.#device.record(
        `classifier ${key}`,
        body({
          inputs: CLASSIFIER_INPUTS,
          groups,
          lookups,
          groupStride: lookups * CLASSIFIER_INPUTS,
          lookupStride: CLASSIFIER_INPUTS,
          inputStride: 1,
        }),
      );
      this.#programs.set(key, program);
    }
    this.#device.write(this.#list, 0, this.rows);
    this.#device.run(program);
    const { buffer, offset } = this.#out;
    const read = this.#device.readLater(buffer, 4 * offset, 4 * CLASSIFIER_INPUTS);
    return whenCome(read, (bytes) => new Float32Array(bytes));
  }
}
