/**
 * Cases of a device's operations: products, interactions, rows, and what follows its bytes.
 *
 * @module
 */

import { RandomStream } from "../../core/random.ts";
import { LookupGrouper } from "../../kernels/embedding/group.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "../../kernels/embedding/op.ts";
import type { ExampleSize } from "../../kernels/example.ts";
import { EXAMPLES } from "../../kernels/examples.ts";
import { interactionWidth } from "../../kernels/interaction/record.ts";
import { exampleOptimizer } from "../../kernels/op.ts";
import { sigmoidForwardOp } from "../../kernels/sigmoid/op.ts";
import type {
  EmbeddingTables,
  GroupedLookups,
  LookupBuffers,
  Optimizer,
  Program,
} from "../../kernels/types.ts";
import { productPlace } from "../runtime/predict.ts";
import { PAIR_OPS, PLAIN_OPS, PRODUCT_OPS } from "../runtime/rates.ts";
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
  const bytes = 4 * (M * K + N * K + M * N);
  return exampleTimes(bench, bytes, op, { ...SIZE, inputs: M, cols: K, units: N });
}

/** One op on the operands of its example. */
function exampleTimes(
  bench: Bench,
  bytes: number,
  wanted: string,
  size: ExampleSize,
): Promise<Timed> {
  const example = EXAMPLES.find(({ name }) => name === wanted)!;
  return bench.ops(bytes, (ops) => example.add(ops, bench, size));
}

/** The product whose time tells whether anything else uses the machine. */
export function referenceProduct(bench: Bench): Promise<Timed> {
  return product(bench, "linear-forward", 768, 256, 256);
}

function interactionCases({ B, F, dims }: Grids): Case[] {
  return PAIR_OPS.flatMap((table) =>
    B.flatMap((inputs) =>
      F.flatMap((features) =>
        dims.map((dim): Case => ({
          table,
          place: [inputs, features * (features - 1) / 2, dim],
          build(bench) {
            const bytes = 4 * inputs * (2 * features * dim + interactionWidth(features, dim));
            return exampleTimes(bench, bytes, table, { ...SIZE, inputs, features, dim });
          },
        }))
      )
    )
  );
}

/** Columns, units, vectors, floats of a vector and steps of history as RM1 and RM2 have them. */
const SIZE: ExampleSize = {
  inputs: 1,
  cols: 367,
  units: 512,
  features: 27,
  dim: 16,
  steps: 20,
  tableRows: 1,
  scored: 1,
};

/** Most bytes of an operation for each input of the grid: wide operations take fewer inputs. */
const BYTES_AN_INPUT = 128;

function plainCases({ plain }: Grids): Case[] {
  return PLAIN_OPS.flatMap((op) => {
    const [one, two] = [1, 2].map((inputs) => op.bytes({ ...SIZE, inputs }));
    const share = Math.min(1, BYTES_AN_INPUT / (two! - one!));
    return plain.map((most): Case => {
      const size = { ...SIZE, inputs: Math.max(1, Math.floor(share * most)) };
      const bytes = one! + (size.inputs - 1) * (two! - one!);
      return {
        table: op.name,
        place: [bytes],
        build: (bench) => exampleTimes(bench, bytes, op.name, size),
      };
    });
  });
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
  // Memory that was never written is one page of zeros, which the nearest cache holds.
  device.write(vectors.buffer, 0, new Float32Array(inputs * vectors.stride).fill(1e-3));
  const scalars = own(device.createBuffer(16, "calibration learning rate"));
  device.write(scalars, 0, new Float32Array([1e-7]));
  const shared = { tables, lookups, firstSlot: 1 };
  // Behind another operation, so that the threads are awake.
  const first = device.createMatrix(64, 64, "calibration first");
  const second = device.createMatrix(64, 64, "calibration second");
  own(first.buffer);
  own(second.buffer);
  const program: Program = own(device.record("calibration rows", (ops) => {
    ops.stage("forward");
    ops.add(sigmoidForwardOp, { x: first, y: second });
    ops.stage("gather");
    if (op === "embedding-forward") ops.add(embeddingForwardOp, { ...shared, out: vectors });
    else {
      ops.add(embeddingBackwardOp, {
        ...shared,
        grad: vectors,
        optimizer: exampleOptimizer(optimizer),
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
