/**
 * How many inputs and lookups of each workload a budget of memory makes hot.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import { summarise } from "../../core/statistics.ts";
import { createInputs } from "../../data/inputs.ts";
import { openTwin } from "../../data/twin/open.ts";
import { PRESETS } from "../../train/model/presets.ts";
import { countColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable } from "../experiment.ts";
import { countHot, type HotCount } from "../hot.ts";

const INPUTS = 500_000;
const BUDGETS = [64, 128, 256, 512];
const SEED = 1;
/** Inputs of a timed round of drawing, and of a read. */
const DRAWN = 32_768, BATCH = 1024;

/** Hot shares of the twins by counted accesses. */
export const hotExperiment = defineExperiment({
  name: "hot",
  summary: "Hot share of the twins' inputs and lookups by counted accesses, at several budgets",
  title: "Hot inputs of the twins",
  suite: "never",
  flags: ["workloads", "inputs", "rounds"],
  async run({ inputs, workloads, rounds, smoke, say, signal }): Promise<Findings> {
    const threads = navigator.hardwareConcurrency;
    const found: Found[] = [];
    for (const twin of workloads) {
      const drawn = await timeDrawing(twin, smoke ? 1 : rounds);
      const { dim } = PRESETS[twin];
      say(`Counting twin ${twin} on ${threads} threads`);
      const count = await countHot({
        twin,
        inputs: smoke ? 2000 : inputs ?? INPUTS,
        budgetsMib: BUDGETS,
        dim,
        threads,
        seed: SEED,
        say,
        signal,
      });
      found.push({ twin, dim, count, drawn });
    }
    return {
      tables: [...found.map(shareTable), passesTable(found, threads), drawingTable(found)],
      // Threads count; nothing here computes on a device.
      device: null,
      notes: [
        "An input is hot if all its rows are; the rows used most fill the budget, 4 bytes a float, rows never used left out",
        "By 5 %: rows are ranked by the counts of every twentieth input alone, as FAE samples them; all inputs are classified",
        `Inputs are those that train, from the first on, with seed ${SEED}`,
      ],
    };
  },
});

/** What was found of a twin. */
interface Found {
  readonly twin: string;
  /** Floats a row. */
  readonly dim: number;
  readonly count: HotCount;
  readonly drawn: DrawingSpeed;
}

/** Inputs a second. */
interface DrawingSpeed {
  readonly sequential: number;
  readonly shuffled: number;
}

/** Inputs a second that a reader gives in sequence and shuffled. */
async function timeDrawing(twin: string, rounds: number): Promise<DrawingSpeed> {
  const dataset = await openTwin({ twin, inputs: 1_000_000, seed: SEED });
  const into = createInputs(dataset.schema, BATCH);
  const speeds = { sequential: 0, shuffled: 0 };
  for (const order of [{ kind: "sequential" }, { kind: "shuffled", seed: 1, epoch: 0 }] as const) {
    const reader = dataset.reader("train", order);
    const seconds: number[] = [];
    let next = 0;
    // The first round is for the compiler.
    for (let round = 0; round <= rounds; round++) {
      const begun = performance.now();
      for (let k = 0; k < DRAWN / BATCH; k++) {
        await reader.read(next, BATCH, into);
        next = (next + BATCH) % (reader.count - BATCH);
      }
      if (round > 0) seconds.push((performance.now() - begun) / 1000);
    }
    speeds[order.kind] = DRAWN / summarise(seconds).median;
  }
  dataset.close();
  return speeds;
}

function shareTable({ twin, dim, count: { inputs, used, shares } }: Found): ResultTable {
  const title = `Twin ${twin}: ${formatCount(inputs)} inputs, ${
    formatCount(used)
  } rows of ${dim} floats looked up`;
  return tableOf({ title }, shares, [
    plainColumn("MiB", ({ budgetMib }) => budgetMib),
    countColumn("rows", ({ rows }) => rows),
    numberColumn("hot inputs, %", 2, ({ byAll }) => 100 * byAll.inputs),
    numberColumn("hot lookups, %", 2, ({ byAll }) => 100 * byAll.lookups),
    numberColumn("inputs by 5 %, %", 2, ({ bySample }) => 100 * bySample.inputs),
    numberColumn("lookups by 5 %, %", 2, ({ bySample }) => 100 * bySample.lookups),
  ]);
}

function passesTable(found: readonly Found[], threads: number): ResultTable {
  return tableOf({ title: `Time of the two passes on ${threads} threads` }, found, [
    plainColumn("twin", ({ twin }) => twin),
    countColumn("inputs", ({ count }) => count.inputs),
    countColumn("lookups", ({ count }) => count.lookups),
    numberColumn("count, s", 1, ({ count }) => count.countSeconds),
    numberColumn("classify, s", 1, ({ count }) => count.classifySeconds),
    countColumn(
      "inputs/s a core",
      ({ count: { inputs, countSeconds, classifySeconds } }) =>
        2 * inputs / (countSeconds + classifySeconds) / threads,
    ),
  ]);
}

function drawingTable(found: readonly Found[]): ResultTable {
  const title =
    "Drawing whole inputs (ids, dense values, labels) on one core: inputs a second, median";
  return tableOf({ title }, found, [
    plainColumn("twin", ({ twin }) => twin),
    countColumn("in sequence", ({ drawn }) => drawn.sequential),
    countColumn("shuffled", ({ drawn }) => drawn.shuffled),
  ]);
}
