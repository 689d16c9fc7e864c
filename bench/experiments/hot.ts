/**
 * How many inputs and lookups of each workload a budget of memory makes hot.
 *
 * @module
 */

import { fixed, formatCount } from "../../core/format.ts";
import { summarise } from "../../core/statistics.ts";
import type { Cell } from "../../core/table.ts";
import { createInputs } from "../../data/inputs.ts";
import { openTwin } from "../../data/twin/open.ts";
import { PRESETS } from "../../train/model/presets.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import { countHot, type HotCount } from "../hot.ts";

const INPUTS = 500_000;
const BUDGETS = [64, 128, 256, 512];
const SEED = 1;
/** Inputs of a timed round of drawing, and of a read. */
const DRAWN = 32_768, BATCH = 1024;

/** Hot shares of the twins by counted accesses. */
export const hotExperiment: Experiment = {
  name: "hot",
  summary: "Hot share of the twins' inputs and lookups by counted accesses, at several budgets",
  title: "Hot inputs of the twins",
  suite: "never",
  async run({ inputs, workloads, rounds, smoke, say, signal }: Settings): Promise<Findings> {
    const threads = navigator.hardwareConcurrency;
    const tables: ResultTable[] = [], times: Cell[][] = [], drawn: Cell[][] = [];
    for (const twin of workloads) {
      drawn.push([twin, ...await timeDrawing(twin, smoke ? 1 : rounds)]);
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
      tables.push(shareTable(twin, dim, count));
      const { countSeconds, classifySeconds } = count;
      times.push([
        twin,
        count.inputs,
        count.lookups,
        countSeconds,
        classifySeconds,
        2 * count.inputs / (countSeconds + classifySeconds) / threads,
      ]);
    }
    return {
      tables: [...tables, {
        title: `Time of the two passes on ${threads} threads`,
        columns: [
          { name: "twin" },
          { name: "inputs", format: formatCount },
          { name: "lookups", format: formatCount },
          { name: "count, s", format: fixed(1) },
          { name: "classify, s", format: fixed(1) },
          { name: "inputs/s a core", format: formatCount },
        ],
        rows: times,
      }, {
        title:
          "Drawing whole inputs (ids, dense values, labels) on one core: inputs a second, median",
        columns: [
          { name: "twin" },
          { name: "in sequence", format: formatCount },
          { name: "shuffled", format: formatCount },
        ],
        rows: drawn,
      }],
      // Threads count; nothing here computes on a device.
      device: null,
      notes: [
        "An input is hot if all its rows are; the rows used most fill the budget, 4 bytes a float, rows never used left out",
        "By 5 %: rows are ranked by the counts of every twentieth input alone, as FAE samples them; all inputs are classified",
        `Inputs are those that train, from the first on, with seed ${SEED}`,
      ],
    };
  },
};

/** Inputs a second that a reader gives in sequence and shuffled. */
async function timeDrawing(twin: string, rounds: number): Promise<number[]> {
  const dataset = await openTwin({ twin, inputs: 1_000_000, seed: SEED });
  const into = createInputs(dataset.schema, BATCH);
  const speeds: number[] = [];
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
    speeds.push(DRAWN / summarise(seconds).median);
  }
  dataset.close();
  return speeds;
}

function shareTable(twin: string, dim: number, { inputs, used, shares }: HotCount): ResultTable {
  const percent = fixed(2);
  return {
    title: `Twin ${twin}: ${formatCount(inputs)} inputs, ${
      formatCount(used)
    } rows of ${dim} floats looked up`,
    columns: [
      { name: "MiB" },
      { name: "rows", format: formatCount },
      { name: "hot inputs, %", format: percent },
      { name: "hot lookups, %", format: percent },
      { name: "inputs by 5 %, %", format: percent },
      { name: "lookups by 5 %, %", format: percent },
    ],
    rows: shares.map(({ budgetMib, rows, byAll, bySample }) => [
      budgetMib,
      rows,
      100 * byAll.inputs,
      100 * byAll.lookups,
      100 * bySample.inputs,
      100 * bySample.lookups,
    ]),
  };
}
