/**
 * Means and variances of the dense features of a training set, for the normalisation `dense`.
 *
 * @module
 */

import type { Dataset } from "../../data/types.ts";
import type { DenseStatistics } from "../model/statistics.ts";
import { eachChunk, type PassHooks } from "../plan/pass.ts";
import { statisticsInputs } from "../plan/sampling.ts";

/** Of so many inputs a mean is off by less than a quarter of a percent of the deviation. */
const MOST_INPUTS = 200_000;

/**
 * Means and biased variances of the dense columns as the model gets them, so after a logarithm where the format takes one:
 * over the training split, or 200,000 of its inputs drawn by the seed where it has more. Of sequences every step counts.
 * A column that never varies gets a variance of 1, which makes it 0 throughout.
 *
 * @category Training
 */
export async function denseStatistics(
  dataset: Dataset,
  seed: number,
  hooks: PassHooks = {},
): Promise<DenseStatistics> {
  const { schema } = dataset;
  const columns = schema.dense.length, steps = schema.steps ?? 1;
  const positions = statisticsInputs(dataset.count("train"), MOST_INPUTS, seed);
  // Welford's sums, which lose nothing where a mean is far larger than the deviation.
  const mean = new Float64Array(columns), squares = new Float64Array(columns);
  let rows = 0;
  await eachChunk(dataset, { positions }, "statistics", hooks, ({ dense, size }) => {
    for (let row = 0; row < size * steps; row++) {
      rows++;
      for (let c = 0; c < columns; c++) {
        const value = dense[row * columns + c]!, before = value - mean[c]!;
        mean[c]! += before / rows;
        squares[c]! += before * (value - mean[c]!);
      }
    }
  });
  const variance = Float32Array.from(squares, (sum) => rows === 0 ? 0 : sum / rows);
  return {
    mean: Float32Array.from(mean),
    variance: variance.map((value) => value > 0 ? value : 1),
  };
}
