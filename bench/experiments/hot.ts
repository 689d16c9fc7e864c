/**
 * How many inputs and lookups of each workload a budget of memory makes hot.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import { PRESETS } from "../../train/presets.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../experiment.ts";
import { countHot, type HotCount } from "../hot.ts";

const INPUTS = 500_000;
const BUDGETS = [64, 128, 256, 512];
const SEED = 1;

/** Hot shares of the twins by counted accesses. */
export const hotExperiment: Experiment = {
  name: "hot",
  summary: "Hot share of the twins' inputs and lookups by counted accesses, at several budgets",
  async run({ inputs, workloads, smoke, say, signal }: Settings): Promise<Findings> {
    const threads = navigator.hardwareConcurrency;
    const tables: ResultTable[] = [], times: Cell[][] = [];
    for (const twin of workloads) {
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
      }],
      notes: [
        "An input is hot if all its rows are; the rows used most fill the budget, 4 bytes a float, rows never used left out",
        "By 5 %: rows are ranked by the counts of every twentieth input alone, as FAE samples them; all inputs are classified",
        `Inputs are those that train, from the first on, with seed ${SEED}`,
      ],
    };
  },
};

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

const fixed = (digits: number) => (x: number): string => x.toFixed(digits);
