/**
 * Cases of a device's operations: products, interactions, rows, and what follows its bytes.
 *
 * @module
 */

import { RandomStream } from "../../core/random.ts";
import { LookupGrouper } from "../../kernels/embedding/group.ts";
import { interactionWidth } from "../../kernels/interaction/record.ts";
import { LedgerDevice } from "../../kernels/ledger.ts";
import type {
  EmbeddingTables,
  GroupedLookups,
  LookupBuffers,
  Optimizer,
  Program,
  Recorder,
} from "../../kernels/types.ts";
import { productPlace } from "../runtime/predict.ts";
import { PLAIN_OPS, PRODUCT_OPS } from "../runtime/rates.ts";
import type { Bench } from "./bench.ts";
import type { Case, Grids, Timed } from "./cases.ts";

/** All of them. */
export function opCases(grids: Grids): Case[] {
  return [
    ...productCases(grids),
    ...columnCases(grids),
    ...interactionCases(grids),
    ...plainCases(grids),
    ...rowCases(grids),
  ];
}

function productCases({ M, K, N }: Grids): Case[] {
  return PRODUCT_OPS.flatMap((op) => {
    // The columns of an output go in panels of 8: fewer are not told apart.
    const inner = op === "linear-forward" ? K : K.filter((k) => k % 8 === 0);
    return M.flatMap((m) =>
      inner.flatMap((k) =>
        N.map((n): Case => ({
          table: op,
          place: productPlace(op, m, k, n),
          build: (bench) => product(bench, op, m, k, n),
        }))
      )
    );
  });
}

function columnCases({ M, K }: Grids): Case[] {
  return PRODUCT_OPS.flatMap((op) =>
    M.flatMap((m) =>
      K.filter((k) => k >= 8).map((k): Case => ({
        table: `${op}/column`,
        place: [m, k],
        build: (bench) => product(bench, op, m, k, 1),
      }))
    )
  );
}

function product(
  bench: Bench,
  op: typeof PRODUCT_OPS[number],
  M: number,
  K: number,
  N: number,
): Promise<Timed> {
  const { inputs, weights, outputs, more } = bench;
  const bytes = 4 * (M * K + N * K + M * N);
  return bench.ops(bytes, (recorder) => {
    if (op === "linear-forward") {
      return recorder.linearForward({
        x: inputs.take(M, K),
        w: weights.take(N, K),
        bias: weights.take(1, N),
        y: outputs.take(M, N),
        relu: true,
      });
    }
    if (op === "linear-backward-input") {
      return recorder.linearBackwardInput({
        dy: inputs.take(M, N),
        w: weights.take(N, K),
        dx: outputs.take(M, K),
        mask: inputs.take(M, K),
      });
    }
    recorder.linearBackwardWeights({
      dy: inputs.take(M, N),
      x: inputs.take(M, K),
      dw: more.take(N, K),
      db: more.take(1, N),
    });
  });
}

/** The product whose time tells whether anything else uses the machine. */
export function referenceProduct(bench: Bench): Promise<Timed> {
  return product(bench, "linear-forward", 768, 256, 256);
}

function interactionCases({ B, F, dims }: Grids): Case[] {
  return (["interaction-forward", "interaction-backward"] as const).flatMap((table) =>
    B.flatMap((b) =>
      F.flatMap((features) =>
        dims.map((dim): Case => ({
          table,
          place: [b, features * (features - 1) / 2, dim],
          build(bench) {
            const { inputs, outputs } = bench;
            const width = interactionWidth(features, dim);
            return bench.ops(4 * b * (2 * features * dim + width), (recorder) => {
              const v = inputs.take(b, features * dim);
              if (table === "interaction-forward") {
                return recorder.interactionForward({
                  ...{ v, features, dim },
                  r: outputs.take(b, width),
                });
              }
              recorder.interactionBackward({
                ...{ v, features, dim },
                dr: inputs.take(b, width),
                dv: outputs.take(b, features * dim),
                maskFirst: true,
              });
            });
          },
        }))
      )
    )
  );
}

/** Steps of history, floats of a step's vector, and vectors of an interaction, as RM1 and RM2 have them. */
const S = 20, D = 16, VECTORS = 27, WIDTH = 367;

/** Appends one operation over so many rows. */
function plain(bench: Bench, op: typeof PLAIN_OPS[number], rows: number): (ops: Recorder) => void {
  const { inputs, outputs, more, scalars } = bench;
  const M = Math.max(1, rows);
  const B = Math.max(1, Math.floor(M / (S + 1)));
  const learningRate = { buffer: scalars, index: 0 };
  const wide = Math.max(1, Math.floor(M / 32));
  switch (op) {
    case "bce":
      return (ops) =>
        ops.bce({
          logits: inputs.take(M, 1),
          labels: inputs.take(M, 1),
          dlogits: outputs.take(M, 1),
          losses: more.take(1, 4),
          slot: { buffer: scalars, index: 1 },
        });
    case "normalise-forward":
      return (ops) => ops.normaliseForward({ z: inputs.take(M, D), v: outputs.take(M, D) });
    case "normalise-backward":
      return (ops) =>
        ops.normaliseBackward({
          z: inputs.take(M, D),
          dv: inputs.take(M, D),
          dz: outputs.take(M, D),
          masked: true,
        });
    case "sequence-dot":
      return (ops) =>
        ops.sequenceDot({
          h: inputs.take(B * (S + 1), D),
          steps: S + 1,
          x: inputs.take(B, D),
          a: outputs.take(B, S),
        });
    case "sequence-pool":
      return (ops) =>
        ops.sequencePool({
          h: inputs.take(B * (S + 1), D),
          steps: S + 1,
          y: inputs.take(B, S),
          tail: inputs.take(B, D),
          c: outputs.take(B, 2 * D),
        });
    case "sequence-backward":
      return (ops) =>
        ops.sequenceBackward({
          y: inputs.take(B, S),
          da: inputs.take(B, S),
          x: inputs.take(B, D),
          dc: inputs.take(B, 2 * D),
          query: inputs.take(B, D),
          steps: S + 1,
          dh: outputs.take(B * (S + 1), D),
        });
    case "sigmoid-forward":
      return (ops) => ops.sigmoidForward({ x: inputs.take(B, S), y: outputs.take(B, S) });
    case "sigmoid-backward":
      return (ops) =>
        ops.sigmoidBackward({
          y: inputs.take(B, S),
          dy: inputs.take(B, S),
          dx: outputs.take(B, S),
        });
    case "layer-norm-forward":
      return (ops) =>
        ops.layerNormForward({
          x: inputs.take(wide, VECTORS * D),
          features: VECTORS,
          dim: D,
          y: outputs.take(wide, VECTORS * D),
        });
    case "layer-norm-backward":
      return (ops) =>
        ops.layerNormBackward({
          x: inputs.take(wide, VECTORS * D),
          features: VECTORS,
          dim: D,
          dy: inputs.take(wide, VECTORS * D),
          dx: outputs.take(wide, VECTORS * D),
          maskFirst: true,
        });
    case "column-statistics":
      return (ops) =>
        ops.columnStatistics({
          x: inputs.take(wide, WIDTH),
          mean: more.take(1, WIDTH),
          variance: more.take(1, WIDTH),
          weight: { buffer: scalars, index: 2 },
        });
    case "standardise":
      return (ops) =>
        ops.standardise({
          x: inputs.take(wide, WIDTH),
          mean: inputs.take(1, WIDTH),
          variance: bench.weights.take(1, WIDTH),
          y: outputs.take(wide, WIDTH),
        });
    case "dense-update-sgd":
      return (ops) =>
        ops.denseUpdate({
          params: outputs.take(1, 8 * M),
          grads: inputs.take(1, 8 * M),
          state: null,
          optimizer: { kind: "sgd" },
          learningRate,
        });
    case "dense-update-adagrad":
      return (ops) =>
        ops.denseUpdate({
          params: outputs.take(1, 8 * M),
          grads: inputs.take(1, 8 * M),
          state: more.take(1, 8 * M),
          optimizer: { kind: "adagrad", eps: 1e-10 },
          learningRate,
        });
  }
}

function plainCases({ plain: sizes }: Grids): Case[] {
  return PLAIN_OPS.flatMap((op) =>
    sizes.map((rows): Case => ({
      table: op,
      place: [plainBytes(op, rows)],
      build: (bench) => bench.ops(plainBytes(op, rows), plain(bench, op, rows)),
    }))
  );
}

/** Bytes of an operation over so many rows, as its record has them. */
function plainBytes(op: typeof PLAIN_OPS[number], rows: number): number {
  const ledger = new LedgerDevice("cpu");
  const take = (r: number, c: number) => ledger.createMatrix(r, c, "counted");
  const arena = { take };
  const scalars = ledger.createBuffer(16, "counted");
  const counted = { inputs: arena, outputs: arena, more: arena, weights: arena, scalars };
  const program = ledger.record("counted", plain(counted as unknown as Bench, op, rows));
  return program.costs[0]!.bytes;
}

/** Tables of the lookups that rows are measured with, different minibatches, and different rows a lookup of those with few. */
const ROW_TABLES = 26;
const MINIBATCHES = 12, REPEATED = 0.25;

/** What a minibatch of rows has: lookups, and different rows. Place of a raw time: floats a row, MiB, lookups, different rows. */
const ROW_BASES = [
  ["embedding-forward", "sgd"],
  ["embedding-backward-sgd", "sgd"],
  ["embedding-backward-adagrad", "adagrad"],
  ["embedding-backward-rowwise-adagrad", "rowwise-adagrad"],
] as const;

function rowCases({ rowDims, tableMb, rowInputs }: Grids): Case[] {
  const drawn = new Map<string, GroupedLookups[]>();
  return ROW_BASES.flatMap(([op, optimizer]) =>
    rowDims.flatMap((dim) =>
      tableMb.flatMap((mb) => {
        const rows = Math.max(1, Math.floor(mb * 2 ** 20 / 4 / dim / ROW_TABLES));
        return [false, true].map((spread): Case => {
          const among = spread ? rows : Math.min(rows, Math.ceil(REPEATED * rowInputs));
          const key = `${rows} ${among}`;
          let minibatches = drawn.get(key);
          if (minibatches === undefined) {
            drawn.set(key, minibatches = drawLookups(rows, rowInputs, among));
          }
          const unique = minibatches.reduce((n, one) => n + one.unique, 0) / minibatches.length;
          return {
            table: `${op}/raw`,
            place: [dim, mb, ROW_TABLES * rowInputs, unique],
            build: (bench) => rowTimes(bench, op, optimizer, dim, rows, drawn.get(key)!),
          };
        });
      })
    )
  );
}

/** Minibatches whose ids are drawn from so many rows of each table, wherever they lie. */
function drawLookups(rows: number, inputs: number, among: number): GroupedLookups[] {
  const sizes = Array.from({ length: ROW_TABLES }, () => rows);
  const random = new RandomStream(1, "synthetic");
  let drawn = 0;
  return Array.from({ length: MINIBATCHES }, () => {
    const chosen = among === rows
      ? null
      : Uint32Array.from({ length: among }, () => Math.floor(random.uniform(drawn++) * rows));
    const ids = Uint32Array.from({ length: ROW_TABLES * inputs }, () => {
      const i = Math.floor(random.uniform(drawn++) * among);
      return chosen === null ? i : chosen[i]!;
    });
    // A grouper's lists are overwritten by its next minibatch.
    return new LookupGrouper(sizes).group({ bags: inputs, ids, offsets: null });
  });
}

async function rowTimes(
  bench: Bench,
  op: typeof ROW_BASES[number][0],
  optimizer: Optimizer["kind"],
  dim: number,
  rows: number,
  minibatches: readonly GroupedLookups[],
): Promise<Timed> {
  const { host: device } = bench;
  const inputs = minibatches[0]!.bags;
  const owned: { dispose(): void }[] = [];
  const own = <It extends { dispose(): void }>(it: It): It => {
    owned.push(it);
    return it;
  };
  const tables: EmbeddingTables = own(device.createTables({
    rows: Array.from({ length: ROW_TABLES }, () => rows),
    dim,
    optimizer,
  }, "calibration tables"));
  await tables.initUniform(1);
  const lookups: LookupBuffers = own(device.createLookups(
    { tables: ROW_TABLES, maxBags: inputs, maxLookups: ROW_TABLES * inputs },
    "calibration lookups",
  ));
  const vectors = device.createMatrix(inputs, (ROW_TABLES + 1) * dim, "calibration vectors");
  own(vectors.buffer);
  const scalars = own(device.createBuffer(16, "calibration learning rate"));
  device.write(scalars, 0, new Float32Array([1e-7]));
  const shared = { tables, lookups, firstSlot: 1 };
  const update = optimizer === "sgd" ? { kind: optimizer } : { kind: optimizer, eps: 1e-10 };
  // Behind another operation, so that the threads are awake.
  const first = device.createMatrix(64, 64, "calibration first");
  const second = device.createMatrix(64, 64, "calibration second");
  own(first.buffer);
  own(second.buffer);
  const program: Program = own(device.record("calibration rows", (ops) => {
    ops.stage("forward");
    ops.sigmoidForward({ x: first, y: second });
    ops.stage("gather");
    if (op === "embedding-forward") ops.embeddingForward({ ...shared, out: vectors });
    else {
      ops.embeddingBackward({
        ...shared,
        grad: vectors,
        optimizer: update,
        learningRate: { buffer: scalars, index: 0 },
      });
    }
  }));
  let at = 0;
  return {
    async sample() {
      let us = 0;
      for (let i = 0; i < 4; i++) {
        device.writeLookups(lookups, minibatches[at++ % minibatches.length]!);
        bench.evict();
        await device.sync();
        await device.takeStageTimes();
        const begun = performance.now();
        device.run(program);
        await device.sync();
        const wall = performance.now() - begun;
        us += 1000 * ((await device.takeStageTimes()).gather ?? wall);
      }
      return us / 4;
    },
    dispose: () => owned.reverse().forEach((it) => it.dispose()),
  };
}
