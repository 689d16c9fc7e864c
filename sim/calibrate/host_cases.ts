/**
 * Cases of what is not an operation: the link, the host's preparation of minibatches, copies of hot rows, the blocks of
 * Slipstream, and the loop.
 *
 * @module
 */

import { createInputs } from "../../data/inputs.ts";
import { openTwin } from "../../data/twin/open.ts";
import { sigmoidForwardOp } from "../../kernels/sigmoid/op.ts";
import { LookupGrouper } from "../../kernels/embedding/group.ts";
import { LedgerDevice } from "../../kernels/ledger.ts";
import type { EmbeddingTables } from "../../kernels/types.ts";
import { HotRowStore } from "../../train/model/hot_store.ts";
import type { Model } from "../../train/model/model.ts";
import { writeMatrix } from "../../train/model/matrices.ts";
import { Classifier, CLASSIFIER_INPUTS } from "../../train/plan/classifier.ts";
import { rowScores } from "../../train/plan/criterion.ts";
import { ThreadFeed } from "../../train/feed/thread_feed.ts";
import { HotRowOwner } from "../../train/plan/hot_tables.ts";
import { PLAN_DEFAULTS } from "../../train/plan/options.ts";
import { SnapshotBlock } from "../../train/plan/snapshots.ts";
import { sourceKind } from "../runtime/predict.ts";
import { type SourceName, SOURCES } from "../runtime/rates.ts";
import type { Bench, HostData } from "./bench.ts";
import type { Case, Grids, Timed } from "./cases.ts";
import { loopTimes } from "./loop.ts";

/** Lookups an input of the data sets: RM2's tables, RM1's tables by steps. */
const EACH = { single: 26, steps: 63 } as const;
/** Of the twins that are drawn while training. */
const TWIN_EACH: Readonly<Record<string, number>> = { rm1: 63, rm2: 26, rm4: 21 };

/** All of them. */
export function hostCases(grids: Grids): Case[] {
  return [
    ...linkCases(grids),
    ...readCases(grids),
    ...(["single", "steps"] as const).flatMap((kind) => [
      ...groupCases(grids, kind),
      ...filterCases(grids, kind),
    ]),
    ...hotCases(grids),
    { table: "run", place: [], build: startTimes },
    { table: "step", place: [], build: loopTimes },
  ];
}

/** Timings of a sample: one is short, and what surrounds it varies. */
const TURNS = 5;

/**
 * Times something as it happens in a training step: after other work has passed through the caches. What has to be set up
 * anew each time is not timed.
 */
async function afterOthers(
  bench: Bench,
  body: () => void | Promise<void>,
  setUp: () => void | Promise<void> = () => {},
): Promise<Timed> {
  const once = async (): Promise<number> => {
    await setUp();
    bench.evict();
    await bench.device.sync();
    const begun = performance.now();
    const waiting = body();
    if (waiting !== undefined) await waiting;
    return performance.now() - begun;
  };
  // Engines replace code that runs often.
  for (let i = 0; i < 2 * TURNS; i++) await once();
  return {
    async sample() {
      let ms = 0;
      for (let i = 0; i < TURNS; i++) ms += await once();
      return 1000 * ms / TURNS;
    },
  };
}

/** Times something that takes long and has to be set up anew each time. */
function prepared(setUp: () => void | Promise<void>, body: () => void | Promise<void>): Timed {
  return {
    async sample() {
      await setUp();
      const begun = performance.now();
      await body();
      return 1000 * (performance.now() - begun);
    },
  };
}

function linkCases({ bytes, inputs }: Grids): Case[] {
  return [
    ...bytes.flatMap((many): Case[] => {
      const floats = many / 4;
      return [
        {
          table: "write",
          place: [many],
          async build(bench) {
            const { outputs, device } = bench;
            const data = new Float32Array(floats).fill(0.5);
            const timed = await afterOthers(bench, () => {
              device.write(outputs.buffer, 0, data);
            });
            return timed;
          },
        },
        {
          table: "read",
          place: [many],
          build: (bench) =>
            afterOthers(bench, async () => {
              await bench.device.read(bench.inputs.buffer, 0, many);
            }),
        },
        {
          table: "copy",
          place: [many],
          build: (bench) =>
            afterOthers(bench, () => {
              bench.device.copy(bench.inputs.buffer, 0, bench.outputs.buffer, 0, many);
            }),
        },
      ];
    }),
    ...inputs.map((size): Case => {
      // As many different rows as half the lookups.
      const lookups = EACH.single * size, unique = lookups >> 1;
      return {
        table: "write-lookups",
        place: [lookups + unique],
        async build(bench) {
          const { device } = bench;
          const buffers = device.createLookups(
            { tables: EACH.single, maxBags: size, maxLookups: lookups },
            "calibration lookups",
          );
          const list = Uint32Array.from({ length: lookups }, (_, i) => i);
          const timed = await afterOthers(bench, () => {
            device.writeLookups(buffers, {
              bags: size,
              tables: EACH.single,
              lookups,
              rows: list,
              offsets: null,
              unique,
              uniqueRows: list.subarray(0, unique),
              segments: list.subarray(0, unique + 1),
              positions: list,
            });
          });
          return { ...timed, dispose: () => buffers.dispose() };
        },
      };
    }),
    ...inputs.map((size): Case => ({
      table: "pack",
      place: [13 * size],
      build(bench) {
        const m = new LedgerDevice("cpu").createMatrix(size, 13, "packed");
        const values = new Float32Array(13 * size).fill(0.5);
        const ledger = new LedgerDevice("cpu");
        return afterOthers(bench, () => {
          writeMatrix(ledger, m, values);
          ledger.take();
        });
      },
    })),
  ];
}

function readCases({ inputs }: Grids): Case[] {
  return SOURCES.flatMap((source) =>
    inputs.map((size): Case => ({
      table: `read/${source}`,
      place: [size * eachOf(source)],
      build: (bench) => readTimes(bench, source, size),
    }))
  );
}

function eachOf(source: SourceName): number {
  return source.startsWith("twin-") ? TWIN_EACH[source.slice(5)]! : EACH[sourceKind(source)];
}

async function readTimes(bench: Bench, source: SourceName, size: number): Promise<Timed> {
  const order = { kind: "shuffled", seed: 5, epoch: 0 } as const;
  const dataset = source === "single" || source === "steps"
    ? (await bench.data(source)).dataset
    : await openTwin({ twin: source.slice(5), inputs: bench.grids.drawn.single, seed: 5 });
  const reader = dataset.reader("train", order);
  const into = createInputs(dataset.schema, size);
  let at = 0;
  return await afterOthers(bench, () => {
    if (at + size > reader.count) at = 0;
    at += size;
    return reader.read(at - size, size, into);
  });
}

function groupCases({ inputs }: Grids, kind: "single" | "steps"): Case[] {
  return inputs.flatMap((size): Case[] => [
    {
      table: `group/${kind}/full`,
      place: [size * EACH[kind]],
      async build(bench) {
        const { dataset, order } = await bench.data(kind);
        const reader = dataset.reader("train", order);
        const into = createInputs(dataset.schema, size);
        const grouper = new LookupGrouper(dataset.schema.tables.map((table) => table.rows));
        const bags = size * (dataset.schema.steps ?? 1);
        let at = 0;
        return await afterOthers(
          bench,
          () => void grouper.group({ bags, ids: into.ids, offsets: null }),
          () => {
            if (at + size > reader.count) at = 0;
            at += size;
            return reader.read(at - size, size, into);
          },
        );
      },
    },
    {
      table: `group/${kind}/hot`,
      place: [size * EACH[kind]],
      async build(bench) {
        const data = await bench.data(kind);
        const { segregation: { hot } } = data;
        const feed = feedOf(data, size);
        const inputsOf = createInputs(data.dataset.schema, size);
        const owner = await ownerOf(data);
        const reader = data.dataset.reader("train", data.order);
        let at = 0;
        return await afterOthers(
          bench,
          () => void owner.train(feed.group(inputsOf, "hot").lookups),
          () => reader.readAt(some(hot, at++, size), inputsOf),
        );
      },
    },
  ]);
}

/** So many positions, wherever a list is; it is repeated where it is too short. */
function some(list: Uint32Array, turn: number, size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => list[(turn * size + i) % list.length]!);
}

/** Notes which hot rows minibatches change, as it does for a model whose rows need not be moved. */
async function ownerOf({ hot }: HostData): Promise<HotRowOwner> {
  const none = { bytes: 0, ms: 0 };
  const model = {
    hot: { load: () => Promise.resolve(none), rowBytes: () => 0 },
  } as unknown as Model;
  const owner = new HotRowOwner({ model, hot, withState: true, notesCold: false, book: () => {} });
  await owner.take("hot");
  return owner;
}

function feedOf({ dataset, hot, order }: HostData, size: number): ThreadFeed {
  const tableRows = dataset.schema.tables.map((table) => table.rows);
  return new ThreadFeed(dataset, order, hot, tableRows, size, CLASSIFIER_INPUTS);
}

function filterCases({ inputs }: Grids, kind: "single" | "steps"): Case[] {
  const most = Math.max(...inputs);
  return [
    {
      table: `keep/${kind}`,
      place: [most * EACH[kind]],
      async build(bench) {
        const data = await bench.data(kind);
        const feed = feedOf(data, most);
        const numbering = { other: 0, none: 0, unused: 0 };
        const looked = some(data.segregation.hot, 0, CLASSIFIER_INPUTS);
        const look = feed.look(looked, 0, CLASSIFIER_INPUTS, numbering);
        await look.ready();
        return await afterOthers(bench, () => {
          // As a third are passed over.
          feed.begin(most);
          for (let i = 0; i < most; i++) feed.copy(look, Math.floor(i * 1.4), i);
          feed.finish(most, "hot");
        });
      },
    },
    ...(["classify", "search"] as const).map((table): Case => ({
      table: `${table}/${kind}`,
      place: [CLASSIFIER_INPUTS * EACH[kind]],
      async build(bench) {
        const data = await bench.data(kind);
        const feed = feedOf(data, 16);
        const { dataset: { schema }, hot, segregation } = data;
        const steps = schema.steps;
        const shape = steps === undefined
          ? { groups: 1, lookups: schema.tables.length }
          : { groups: schema.tables.length, lookups: steps };
        const classifier = new Classifier(bench.device, hot.total + 1, shape);
        classifier.setScores(new Float32Array(hot.total + 1).fill(0.5));
        const combine = {
          kind: "nth-smallest",
          n: steps === undefined ? schema.tables.length : 4,
        } as const;
        let turn = 0;
        const positions = (): Uint32Array => some(segregation.hot, turn++, CLASSIFIER_INPUTS);
        const numbering = { other: hot.total, none: hot.total, unused: hot.total };
        const look = () => feed.look(positions(), 0, CLASSIFIER_INPUTS, numbering);
        let looked = look();
        const timed = table === "classify"
          ? prepared(() => (looked = look()).ready(), async () => {
            looked.number(classifier.rows);
            await classifier.skips(combine, 0.1).wait();
          })
          : prepared(() => {}, async () => {
            looked = look();
            await looked.ready();
            looked.number(classifier.rows);
            await classifier.scores("search", combine).wait();
          });
        return { ...timed, dispose: () => classifier.dispose() };
      },
    })),
  ];
}

const HOT_TABLES = 26;

function hotCases({ hotRows, rowDims, spread }: Grids): Case[] {
  return hotRows.flatMap((wanted) =>
    rowDims.flatMap((dim): Case[] => {
      const each = Math.floor(wanted / HOT_TABLES), rows = each * HOT_TABLES;
      return [
        {
          table: "snapshot",
          place: [rows, dim],
          build: (bench) => snapshotTimes(bench, each, dim),
        },
        ...spread.flatMap((apart) =>
          (["sync-load", "sync-store"] as const).map((table): Case => ({
            table,
            place: [apart, rows, dim],
            build: (bench) => syncTimes(bench, table, each, dim, apart),
          }))
        ),
      ];
    })
  );
}

async function snapshotTimes(bench: Bench, each: number, dim: number): Promise<Timed> {
  const { device } = bench;
  const tables = device.createTables(tablesSpec(each, dim), "calibration hot rows");
  await tables.initUniform(1);
  const block = new SnapshotBlock(device, tables, null);
  const rows = tables.totalRows;
  const classifier = new Classifier(device, rows + 1, { groups: 1, lookups: HOT_TABLES });
  const accesses = new Uint32Array(rows).fill(1), scores = new Float32Array(rows + 1);
  const timed = await afterOthers(bench, async () => {
    block.begin();
    scores.set(rowScores(await block.finish(), accesses, PLAN_DEFAULTS));
    classifier.setScores(scores);
  });
  return {
    ...timed,
    dispose() {
      classifier.dispose();
      block.dispose();
      tables.dispose();
    },
  };
}

async function syncTimes(
  bench: Bench,
  table: "sync-load" | "sync-store",
  each: number,
  dim: number,
  apart: number,
): Promise<Timed> {
  const { device, host } = bench;
  const home: EmbeddingTables = host.createTables(
    tablesSpec(apart * each, dim),
    "calibration tables",
  );
  await home.initUniform(1);
  const hot = Array.from(
    { length: HOT_TABLES },
    () => Uint32Array.from({ length: each }, (_, i) => apart * i + i % apart),
  );
  const scalars = device.createBuffer(16, "calibration scalars");
  const store = new HotRowStore(device, home, hot, { bags: 16, lookups: 16 * HOT_TABLES }, {
    optimizer: { kind: "sgd" },
    learningRate: { buffer: scalars, index: 0 },
  });
  const timed = await afterOthers(bench, async () => {
    if (table === "sync-load") await store.load(null, false);
    else await store.store(null, false);
  });
  return {
    ...timed,
    dispose() {
      store.dispose();
      scalars.dispose();
      home.dispose();
    },
  };
}

function tablesSpec(rows: number, dim: number) {
  return { rows: Array.from({ length: HOT_TABLES }, () => rows), dim, optimizer: "sgd" } as const;
}

/** Milliseconds that the host works alone between two programs: the device's threads fall asleep meanwhile. */
const ALONE_MS = 2;

/** What starting a program takes beyond its operations, when the host has worked alone before. */
function startTimes(bench: Bench): Timed {
  const { device, inputs, outputs } = bench;
  const body = (copies: number) =>
    device.record("calibration start", (ops) => {
      for (let i = 0; i < copies; i++) {
        ops.add(sigmoidForwardOp, { x: inputs.take(32, 32), y: outputs.take(32, 32) });
      }
    });
  const one = body(1), two = body(2);
  const time = async (program: typeof one): Promise<number> => {
    for (const until = performance.now() + ALONE_MS; performance.now() < until;);
    const begun = performance.now();
    device.run(program);
    await device.sync();
    return 1000 * (performance.now() - begun);
  };
  return {
    async sample() {
      let us = 0;
      for (let i = 0; i < 5; i++) {
        const first = await time(one), second = await time(two);
        us += Math.max(0, 2 * first - second);
      }
      return us / 5;
    },
    dispose() {
      one.dispose();
      two.dispose();
    },
  };
}
