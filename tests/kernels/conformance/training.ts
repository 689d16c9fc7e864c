import type {
  Device,
  EmbeddingTables,
  LookupBuffers,
  Matrix,
  Optimizer,
  Recorder,
} from "../../../kernels/types.ts";
import { bceOp } from "../../../kernels/bce/op.ts";
import { embeddingBackwardOp, embeddingForwardOp } from "../../../kernels/embedding/op.ts";
import { interactionBackwardOp, interactionForwardOp } from "../../../kernels/interaction/op.ts";
import {
  linearBackwardInputOp,
  linearBackwardWeightsOp,
  linearForwardOp,
} from "../../../kernels/linear/op.ts";
import { denseUpdateOp } from "../../../kernels/update/op.ts";
import { interactionWidth } from "../../../kernels/interaction/record.ts";
import { assertSameBits, type ConformanceCase, Knobs, Scope, Values } from "./harness.ts";
import { groupBags } from "./embedding.ts";

/** Shape of a small DLRM: one layer below the interaction and two above. */
const B = 130, DENSE = 13, DIM = 8, HIDDEN = 21;
const TABLE_ROWS = [1, 40, 3000, 7];
const F = TABLE_ROWS.length + 1;
const WIDTH = interactionWidth(F, DIM);
const SLOTS = 6;

/** Everything one training step touches, and the step's ops in order. */
class Step {
  readonly #device: Device;
  readonly #scope: Scope;
  readonly #knobs: Knobs;
  readonly #tables: EmbeddingTables;
  readonly #lookups: LookupBuffers;
  readonly #all: Record<string, Matrix> = {};
  readonly ops: readonly ((ops: Recorder) => void)[];

  constructor(device: Device, scope: Scope, optimizer: Optimizer) {
    this.#device = device;
    this.#scope = scope;
    this.#knobs = scope.own(new Knobs(device));
    this.#tables = scope.own(
      device.createTables({ rows: TABLE_ROWS, dim: DIM, optimizer: optimizer.kind }, "tables"),
    );
    this.#lookups = scope.own(device.createLookups({
      tables: TABLE_ROWS.length,
      maxBags: B,
      maxLookups: 4 * B * TABLE_ROWS.length,
    }, "lookups"));
    const m = (name: string, rows: number, cols: number): Matrix => {
      const made = device.createMatrix(rows, cols, name);
      scope.own(made.buffer);
      this.#all[name] = made;
      return made;
    };
    const x = m("x", B, DENSE), labels = m("labels", B, 1);
    const v = m("v", B, F * DIM), dv = m("dv", B, F * DIM);
    const r = m("r", B, WIDTH), dr = m("dr", B, WIDTH);
    const h = m("h", B, HIDDEN), dh = m("dh", B, HIDDEN);
    const z = m("z", B, 1), dz = m("dz", B, 1);
    const losses = m("losses", 1, SLOTS);
    const layer = (name: string, K: number, N: number) => ({
      w: m(`${name}.w`, N, K),
      bias: m(`${name}.b`, 1, N),
      dw: m(`${name}.dw`, N, K),
      db: m(`${name}.db`, 1, N),
    });
    const [low, mid, top] = [
      layer("low", DENSE, DIM),
      layer("mid", WIDTH, HIDDEN),
      layer("top", HIDDEN, 1),
    ];
    const y = { ...v, buffer: v.buffer, cols: DIM };
    const dy = { ...dv, buffer: dv.buffer, cols: DIM };
    const shared = { tables: this.#tables, lookups: this.#lookups, firstSlot: 1 };
    const learningRate = this.#knobs.learningRate;
    const dense: Optimizer = optimizer.kind === "rowwise-adagrad"
      ? { kind: "adagrad", eps: optimizer.eps }
      : optimizer;
    const update = (weights: Matrix, grads: Matrix): (ops: Recorder) => void => {
      const flat = (from: Matrix): Matrix => ({
        buffer: from.buffer,
        offset: 0,
        rows: 1,
        cols: from.rows * from.stride,
        stride: from.rows * from.stride,
      });
      const state = dense.kind === "sgd"
        ? null
        : m(`state ${Object.keys(this.#all).length}`, 1, weights.rows * weights.stride);
      return (ops) =>
        ops.add(denseUpdateOp, {
          params: flat(weights),
          grads: flat(grads),
          state,
          optimizer: dense,
          learningRate,
        });
    };
    this.ops = [
      (ops) => ops.add(linearForwardOp, { x, ...low, y, relu: true }),
      (ops) => ops.add(embeddingForwardOp, { ...shared, out: v }),
      (ops) => ops.add(interactionForwardOp, { v, features: F, dim: DIM, r }),
      (ops) => ops.add(linearForwardOp, { x: r, ...mid, y: h, relu: true }),
      (ops) => ops.add(linearForwardOp, { x: h, ...top, y: z, relu: false }),
      (ops) =>
        ops.add(bceOp, {
          ...{ logits: z, labels, weights: null, dlogits: dz, losses },
          slot: this.#knobs.slot,
        }),
      (ops) => ops.add(linearBackwardWeightsOp, { dy: dz, x: h, ...top }),
      (ops) => ops.add(linearBackwardInputOp, { dy: dz, w: top.w, dx: dh, mask: h }),
      (ops) => ops.add(linearBackwardWeightsOp, { dy: dh, x: r, ...mid }),
      (ops) => ops.add(linearBackwardInputOp, { dy: dh, w: mid.w, dx: dr, mask: null }),
      (ops) =>
        ops.add(interactionBackwardOp, {
          ...{ v, features: F, dim: DIM, dr, dv },
          maskFirst: true,
        }),
      (ops) => ops.add(linearBackwardWeightsOp, { dy, x, ...low }),
      (ops) => ops.add(embeddingBackwardOp, { ...shared, grad: dv, optimizer, learningRate }),
      ...[low, mid, top].flatMap(({ w, bias, dw, db }) => [update(w, dw), update(bias, db)]),
    ];
  }

  /** The same start on every device. */
  async initialise(): Promise<void> {
    const values = new Values(600);
    await this.#tables.initUniform(11);
    for (const [name, m] of Object.entries(this.#all)) {
      if (/\.[wb]$/.test(name)) this.#fill(m, values.normal(m.rows * m.cols).map((x) => 0.3 * x));
    }
  }

  /** New inputs, lookups, learning rate and loss slot. */
  feed(step: number): void {
    const values = new Values(610 + step);
    this.#fill(this.#all["x"]!, values.normal(B * DENSE));
    this.#fill(
      this.#all["labels"]!,
      Float64Array.from({ length: B }, () => values.integer(3) === 0 ? 1 : 0),
    );
    const single = step % 2 === 0;
    const bags = TABLE_ROWS.map((rows) =>
      Array.from(
        { length: B },
        () => Array.from({ length: single ? 1 : values.integer(4) }, () => values.skewed(rows)),
      )
    );
    this.#device.writeLookups(this.#lookups, groupBags(TABLE_ROWS, B, bags));
    this.#knobs.setLearningRate(0.1 / (1 + step));
    this.#knobs.setSlot(step);
  }

  /** Every number of the step: all matrices with their padding, rows and state. */
  async everything(): Promise<Record<string, Float32Array>> {
    const result: Record<string, Float32Array> = {};
    for (const [name, { buffer }] of Object.entries(this.#all)) {
      result[name] = new Float32Array(await this.#device.read(buffer, 0, buffer.byteLength));
    }
    result["rows"] = await this.#tables.readRows(0, this.#tables.totalRows);
    result["state"] = await this.#tables.readState(0, this.#tables.totalRows);
    return result;
  }

  /** All ops in one program, or each in its own. */
  programs(together: boolean): (() => void)[] {
    const groups = together ? [this.ops] : this.ops.map((op) => [op]);
    return groups.map((group) => {
      const program = this.#scope.own(this.#device.record("step", (ops) => {
        for (const op of group) op(ops);
      }));
      return () => this.#device.run(program);
    });
  }

  #fill(m: Matrix, values: Float64Array): void {
    const padded = new Float32Array(m.rows * m.stride);
    for (let i = 0; i < m.rows; i++) {
      padded.set(values.subarray(i * m.cols, (i + 1) * m.cols), i * m.stride);
    }
    this.#device.write(m.buffer, 4 * m.offset, padded);
  }
}

/** Trains some steps from the same start and gives every number left on the device. */
async function train(
  device: Device,
  optimizer: Optimizer,
  together: boolean,
): Promise<Record<string, Float32Array>> {
  using scope = new Scope();
  const step = new Step(device, scope, optimizer);
  await step.initialise();
  const programs = step.programs(together);
  for (let i = 0; i < SLOTS - 1; i++) {
    step.feed(i);
    for (const run of programs) {
      run();
      if (!together) await device.sync();
    }
  }
  return await step.everything();
}

function assertSame(
  what: string,
  got: Record<string, Float32Array>,
  want: Record<string, Float32Array>,
): void {
  for (const name of Object.keys(want)) assertSameBits(`${what}: ${name}`, got[name]!, want[name]!);
}

/** Cases of whole training steps. */
export const trainingCases: readonly ConformanceCase[] = [
  {
    name: "training: ops of one program see each other's results as separate programs do",
    run: async ({ device }) => {
      const optimizer: Optimizer = { kind: "adagrad", eps: 1e-8 };
      const together = await train(device, optimizer, true);
      const apart = await train(device, optimizer, false);
      assertSame("one program against many", together, apart);
    },
  },
  ...(["sgd", "rowwise-adagrad"] as const).map((kind): ConformanceCase => ({
    name: `training: ${kind} gives the same bits again, on this device and on a fresh one`,
    run: async ({ device, open }) => {
      const optimizer: Optimizer = kind === "sgd" ? { kind } : { kind, eps: 1e-8 };
      const first = await train(device, optimizer, true);
      assertSame("second run", await train(device, optimizer, true), first);
      const fresh = await open();
      try {
        assertSame("fresh device", await train(fresh, optimizer, true), first);
      } finally {
        fresh.dispose();
      }
    },
  })),
];
