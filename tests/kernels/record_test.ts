import assert from "node:assert/strict";
import { bceRecord } from "../../kernels/bce/record.ts";
import {
  embeddingBackwardRecord,
  embeddingForwardRecord,
  stateFloats,
} from "../../kernels/embedding/record.ts";
import {
  interactionBackwardRecord,
  interactionForwardRecord,
  interactionWidth,
} from "../../kernels/interaction/record.ts";
import {
  linearBackwardInputRecord,
  linearBackwardWeightsRecord,
  linearForwardRecord,
} from "../../kernels/linear/record.ts";
import { normaliseBackwardRecord, normaliseForwardRecord } from "../../kernels/normalise/record.ts";
import type { OpRecord } from "../../kernels/record.ts";
import {
  sequenceBackwardRecord,
  sequenceDotRecord,
  sequencePoolRecord,
} from "../../kernels/sequence/record.ts";
import { sigmoidBackwardRecord, sigmoidForwardRecord } from "../../kernels/sigmoid/record.ts";
import {
  inputScoresRecord,
  rowChangeRecord,
  selectionDepth,
  staleLookupsRecord,
} from "../../kernels/staleness/record.ts";
import { standardiseRecord } from "../../kernels/standardise/record.ts";
import type { Optimizer } from "../../kernels/types.ts";
import { denseUpdateRecord } from "../../kernels/update/record.ts";
import {
  varianceNormBackwardRecord,
  varianceNormForwardRecord,
} from "../../kernels/variance_norm/record.ts";

function assertCost<S>(record: OpRecord<S>, shape: S, flops: number, floats: number): void {
  assert.equal(record.flops(shape), flops, `${record.name}: FLOPs`);
  assert.equal(record.bytes(shape), 4 * floats, `${record.name}: bytes`);
}

Deno.test("linear records count a 2 × 3 × 5 layer", () => {
  const shape = { M: 2, K: 3, N: 5 };
  // 30 multiply-adds, 10 additions of the bias; x 6, w 15, b 5, y 10.
  assertCost(linearForwardRecord, shape, 70, 36);
  // dy 10, w 15, dx 6, and the mask 6.
  assertCost(linearBackwardInputRecord, { ...shape, masked: 0 }, 60, 31);
  assertCost(linearBackwardInputRecord, { ...shape, masked: 1 }, 60, 37);
  // 30 multiply-adds and 10 additions for db; dy 10, x 6, dw 15, db 5.
  assertCost(linearBackwardWeightsRecord, shape, 70, 36);
});

Deno.test("interaction records count 2 inputs of 3 vectors of 4 floats", () => {
  const shape = { B: 2, F: 3, dim: 4 };
  assert.equal(interactionWidth(3, 4), 7);
  assert.equal(interactionWidth(1, 16), 16);
  // 3 dot products of 4 multiply-adds, twice; v 24, r 14.
  assertCost(interactionForwardRecord, shape, 48, 38);
  // Each dot product sends 4 multiply-adds to both of its vectors, vector 0 gets 4 additions; v 24, dr 14, dv 24.
  assertCost(interactionBackwardRecord, shape, 104, 62);
});

Deno.test("embedding records count 5 lookups of 3 rows in 4 bags", () => {
  const shape = { lookups: 5, bags: 4, unique: 3, dim: 2 };
  // One addition of 2 floats; 5 rows of 2 with their ids, 4 vectors of 2.
  assertCost(embeddingForwardRecord, shape, 2, 23);
  // Summing 5 gradients into 3 takes 2 additions of 2 floats; then the update of 6 coordinates. Read: 5 gradients
  // with their bags, 3 rows with their ids and segments, their state; written: rows and state.
  const gradients = 5 * 3, rows = 3 * (2 + 2 * 2);
  assertCost(embeddingBackwardRecord("sgd"), shape, 4 + 2 * 6, gradients + rows);
  assertCost(embeddingBackwardRecord("adagrad"), shape, 4 + 7 * 6, gradients + rows + 12);
  assertCost(embeddingBackwardRecord("rowwise-adagrad"), shape, 4 + 6 * 6, gradients + rows + 6);
  const empty = { lookups: 0, bags: 4, unique: 0, dim: 2 };
  assertCost(embeddingForwardRecord, empty, 0, 8);
  assertCost(embeddingBackwardRecord("sgd"), empty, 0, 0);
});

Deno.test("optimizer state takes no float, one a coordinate or one a row", () => {
  const kinds: Optimizer["kind"][] = ["sgd", "adagrad", "rowwise-adagrad"];
  assert.deepEqual(kinds.map((kind) => stateFloats(kind, 16)), [0, 16, 1]);
});

Deno.test("loss and dense update records count 10 numbers", () => {
  assertCost(bceRecord, { M: 10, weighted: 0 }, 120, 31);
  // A weight an input: a product for the loss and one for the gradient.
  assertCost(bceRecord, { M: 10, weighted: 1 }, 140, 41);
  // Read params and grads, write params; Adagrad reads and writes its state as well.
  assertCost(denseUpdateRecord("sgd"), { n: 10 }, 20, 30);
  assertCost(denseUpdateRecord("adagrad"), { n: 10 }, 70, 50);
});

Deno.test("normalisation and sigmoid records count 2 rows of 3 floats", () => {
  // A row: 3 multiply-adds and a root, then 3 divisions; z 6, v 6.
  assertCost(normaliseForwardRecord, { M: 2, D: 3 }, 20, 12);
  // The norm again (7), v·dv (6), and a product, a subtraction and a division a float (9); plus dividing by the norm.
  assertCost(normaliseBackwardRecord, { M: 2, D: 3 }, 50, 18);
  assertCost(sigmoidForwardRecord, { M: 2, N: 3 }, 24, 12);
  assertCost(sigmoidBackwardRecord, { M: 2, N: 3 }, 18, 18);
});

Deno.test("standardisation records count 5 rows of 3", () => {
  // A column: the 1e-5 and a root; then a division a float, and a subtraction where there is a mean.
  assertCost(standardiseRecord, { M: 5, N: 3, centred: 0 }, 21, 33);
  assertCost(standardiseRecord, { M: 5, N: 3, centred: 1 }, 36, 36);
});

Deno.test("variance norm records count 2 inputs of 3 vectors of 4", () => {
  const shape = { B: 2, F: 3, dim: 4 };
  // A vector: 4 additions and a division; 4 subtractions and multiply-adds, a division, eps and a root (15 more), the
  // gain's division and 4 products; x 24, y 24, gain 3, eps 3.
  assertCost(varianceNormForwardRecord, shape, 6 * (5 + 15 + 5), 54);
  // The statistics again (20), 4 multiply-adds and four divisions (12), two subtractions and two products a float (16),
  // and an addition to the gain's gradient; x 24, dy 24, dx 24, gain 3, eps 3, dgain 3.
  assertCost(varianceNormBackwardRecord, shape, 6 * (20 + 12 + 16 + 1), 81);
});

Deno.test("staleness records count 2 rows of 3 vectors of 4, and 5 inputs of 2 groups of 3 lookups", () => {
  // A vector: 4 subtractions and comparisons; a 24, b 24, the change 6.
  assertCost(rowChangeRecord, { M: 2, F: 3, dim: 4, accumulate: 0 }, 48, 54);
  assertCost(rowChangeRecord, { M: 2, F: 3, dim: 4, accumulate: 1 }, 54, 60);
  assert.deepEqual([1, 2, 3, 4, 5].map((n) => selectionDepth(n, 5)), [1, 2, 3, 2, 1]);
  // 30 lookups, compared with the 2 that are kept; 30 row numbers, 30 scores, 5 results.
  const shape = { B: 5, G: 2, L: 3 };
  assertCost(inputScoresRecord, { ...shape, depth: 2 }, 60, 65);
  // A comparison and an addition a lookup.
  assertCost(staleLookupsRecord, shape, 60, 65);
});

Deno.test("sequence records count 2 inputs of 3 steps of 4 floats", () => {
  const shape = { B: 2, S: 3, D: 4 };
  // 12 multiply-adds an input; h 12, x 4, a 3.
  assertCost(sequenceDotRecord, shape, 48, 38);
  // 12 multiply-adds an input; h 12, y 3, c 4, and the tail's 5 read and written.
  assertCost(sequencePoolRecord, { ...shape, T: 5 }, 48, 58);
  // Two products and an addition a float; y 3, da 3, x 4, dc 4, dh 12; the query adds 4 additions and three rows.
  assertCost(sequenceBackwardRecord, { ...shape, query: 0 }, 72, 52);
  assertCost(sequenceBackwardRecord, { ...shape, query: 1 }, 80, 76);
});

Deno.test("records of one RM2 step of 1,024 inputs add up to the known totals", () => {
  const B = 1024, dim = 16, F = 27;
  const bottom = [13, 512, 256, 64, 16], top = [367, 512, 256, 1];
  const lookups = 26 * B, unique = 10_000;
  let flops = 0, bytes = 0, weights = 0;
  const add = <S>(record: OpRecord<S>, shape: S): void => {
    flops += record.flops(shape);
    bytes += record.bytes(shape);
  };
  for (const dims of [bottom, top]) {
    for (let l = 0; l + 1 < dims.length; l++) {
      const shape = { M: B, K: dims[l]!, N: dims[l + 1]! };
      weights += shape.K * shape.N + shape.N;
      add(linearForwardRecord, shape);
      add(linearBackwardWeightsRecord, shape);
      // The first layer's input needs no gradient; the top MLP's input came out of the interaction, not of a ReLU.
      if (l > 0 || dims === top) {
        add(linearBackwardInputRecord, { ...shape, masked: l > 0 ? 1 : 0 });
      }
    }
  }
  const embedding = { lookups, bags: lookups, unique, dim };
  add(embeddingForwardRecord, embedding);
  add(embeddingBackwardRecord("sgd"), embedding);
  add(interactionForwardRecord, { B, F, dim });
  add(interactionBackwardRecord, { B, F, dim });
  add(bceRecord, { M: B, weighted: 0 });
  add(denseUpdateRecord("sgd"), { n: weights });

  // Dense parameters as published for this model.
  assert.equal(weights, 475_985);
  // By hand. Products K·N: bottom 6,656 + 131,072 + 16,384 + 1,024 = 155,136, top 187,904 + 131,072 + 256 = 319,232;
  // three products a layer but two for the first (6,656). Outputs N: 848 + 769 = 1,617, once each for bias and db.
  const products = 3 * (155_136 + 319_232) - 6_656;
  const linear = B * (2 * products + 2 * 1_617);
  const interaction = B * (3 * 27 * 26 * 16 + 16);
  const rows = (26 * B - 10_000) * 16 + 2 * 10_000 * 16;
  assert.equal(flops, linear + interaction + rows + 12 * B + 2 * 475_985);
  assert.equal(flops, 2_940_268_450);
  // Floats: each layer reads or writes M·K three times (x, x, dx), its mask once more, M·N three times (y, dy, dy),
  // K·N three times and N twice; less what the first layers leave out.
  const inputs = 13 + 512 + 256 + 64 + 367 + 512 + 256, masks = 512 + 256 + 64 + 512 + 256;
  const layers = B * (3 * inputs - 13 + masks + 3 * 1_617 - 512) + 3 * (155_136 + 319_232) - 6_656 +
    2 * 1_617;
  const gathered = 26 * B * (17 + 16) + 26 * B * 17 + 10_000 * 34;
  const interacted = B * (3 * 432 + 2 * 367);
  const rest = 3 * B + 1 + 3 * 475_985;
  assert.equal(bytes, 4 * (layers + gathered + interacted + rest));
  assert.equal(bytes, 75_005_656);
});
