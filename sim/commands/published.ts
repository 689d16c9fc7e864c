/**
 * `deno task simulate published`: times that others published, predicted.
 *
 * @module
 */

import { parseFlags } from "../../core/flags.ts";
import { print } from "../../core/streams.ts";
import { formatTable, type Table } from "../../core/table.ts";
import { wrap } from "../../core/wrap.ts";
import { loadMachine, machineOf } from "../machine.ts";
import {
  compareAllreduce,
  compareCpu,
  type Compared,
  compareIterations,
  compareMeasurements,
  cpuLookupCosts,
  errorsOf,
  fitSubstrate,
  leaveOneModelOut,
} from "../published/predict.ts";
import { V100_ITERATIONS } from "../published/figures.ts";
import {
  CHANGED,
  type Known,
  LEFT_OUT,
  type Measurement,
  MEASUREMENTS,
  NOT_PREDICTED,
} from "../published/measurements.ts";
import registered from "../published/registered.json" with { type: "json" };
import { EAGER } from "../program.ts";
import { changedFormulas } from "../paper/registration.ts";
import { comparedTable, errorLine } from "../report.ts";
import { BAR } from "../validate/compare.ts";
import type { Command } from "./flags.ts";

/** Prints the tables. */
export const publishedCommand: Command = {
  name: "published",
  summary: "Published times and throughputs beside their predictions",
  flags: {},
  async run(args) {
    const { help } = parseFlags({}, args);
    if (help) {
      print(
        "Print published times and throughputs beside their predictions\n\nUsage: deno task simulate published",
      );
      return;
    }
    const machine = machineOf(await loadMachine("v100x4"));
    const section = (title: string, rows: readonly Compared[]): void =>
      print(`${wrap(title)}\n\n${formatTable(comparedTable(rows))}\n${errorLine(rows)}\n`);
    section(
      "Iterations of DLRM on one V100, ms, with the machine file's numbers (gpu.gemm_share and framework.step_us fitted to these 12)",
      compareIterations(machine),
    );
    const { fits, rows } = leaveOneModelOut(machine);
    section("The same, each model predicted by a fit to the two others", rows);
    const all = { ...fitSubstrate(machine, V100_ITERATIONS), without: "none" };
    print(formatTable({
      columns: [
        { name: "left out" },
        { name: "framework.step_us", format: (x) => x.toFixed(0) },
        { name: "gpu.gemm_share", format: (x) => x.toFixed(2) },
      ],
      rows: [...fits, all].map(({ without, stepUs, gemmShare }) => [without, stepUs, gemmShare]),
    }));
    section(
      "NCCL all-reduce over 4 V100 on PCIe 3, us, from its own latency and plateau",
      compareAllreduce(machine),
    );
    section(
      "PyTorch's CPU benchmark, ms, cost of a lookup from another row of the same software",
      compareCpu(),
    );
    const changed = await changedFormulas(registered);
    print(
      wrap(
        `Programs were registered on ${registered.registered_on}, before anything was predicted with them${
          changed.length === 0 ? "" : `; text edited since: ${changed.join(", ")}`
        }. Known then:`,
      ),
    );
    for (const line of registered.known) print(wrap(`  - ${line}`, { hang: 2 }));
    print("");
    printMeasurements(await compareMeasurements());
    print("Not predicted:");
    for (const { source, why } of NOT_PREDICTED) {
      print(wrap(`  ${source}: ${why}`, { hang: 2 }));
    }
    print("");
    print(formatTable({
      columns: [{ name: "software" }, { name: "ns a lookup", format: (x) => x.toFixed(0) }],
      rows: cpuLookupCosts().map(({ software, ns }) => [software, ns]),
    }));
  },
};

/** How far measurements were known when they were predicted, in the order of the text. */
const KNOWN: Readonly<Record<Known, string>> = {
  before: "known before anything was predicted",
  first: "predicted blind once, for eager PyTorch; the errors of that were known",
  read: "read before its program was registered, never predicted before",
  blind: "read after its program was registered",
};

/** Throughputs program by program, then all, then those for which nothing is known to be missing from the model. */
function printMeasurements(rows: readonly Compared[]): void {
  const all = rows.map((row, i) => ({ row, of: MEASUREMENTS[i]! }));
  print(
    wrap(
      "DLRM with all rows on GPUs, thousands of inputs a second; no number is fitted to them",
    ),
  );
  print("");
  const titleOf = ({ of }: typeof all[number]) => (of.program ?? EAGER).title;
  for (const title of new Set(all.map(titleOf))) {
    const own = all.filter((one) => titleOf(one) === title);
    print(`${title}\n\n${formatTable(measuredTable(own))}\n${errorLine(own.map(rowOf))}\n`);
    const told = own.filter(({ of }) => of.lacks === undefined);
    if (told.length > 0 && told.length < own.length) {
      print(`Without those marked *: ${errorLine(told.map(rowOf))}\n`);
    }
  }
  for (const [known, text] of Object.entries(KNOWN)) {
    const own = all.filter(({ of }) => of.known === known);
    if (own.length > 0) print(wrap(`${own.length} ${text}: ${errorLine(own.map(rowOf))}`));
  }
  print(`\n${wrap(`Changed since: ${CHANGED}.`)}\n\nWhat the model lacks, marked *:`);
  for (const lacks of new Set(all.flatMap(({ of }) => of.lacks ?? []))) {
    const own = all.filter(({ of }) => of.lacks === lacks);
    print(wrap(`  ${own.map(({ of }) => of.what).join("; ")}: ${lacks}`, { hang: 2 }));
  }
  print(`\n${wrap(`${LEFT_OUT}.`)}\n`);
  const told = all.filter(({ of }) => of.lacks === undefined);
  print(wrap(`All ${all.length}: ${judged(all.map(rowOf))}`));
  print(
    wrap(
      `The ${told.length} for which nothing is known to be lacking: ${judged(told.map(rowOf))}`,
    ),
  );
  print("");
}

/** Their errors, and whether they are within the bar. */
function judged(rows: readonly Compared[]): string {
  const { mean, worst } = errorsOf(rows), { mean: most, worst: utmost } = BAR;
  return `${errorLine(rows)} (bar ${100 * most} % and ${100 * utmost} %: ${
    mean <= most && worst <= utmost ? "met" : "MISSED"
  })`;
}

const rowOf = ({ row }: { readonly row: Compared }): Compared => row;

function measuredTable(
  rows: readonly { readonly row: Compared; readonly of: Measurement }[],
): Table {
  const { columns, rows: cells } = comparedTable(rows.map(rowOf));
  return {
    columns: [...columns, { name: "known" }, { name: "lacks" }],
    rows: cells.map((row, i) => [...row, rows[i]!.of.known, rows[i]!.of.lacks ? "*" : ""]),
  };
}
