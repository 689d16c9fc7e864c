/**
 * `deno task simulate published`: times that others published, predicted.
 *
 * @module
 */

import { parseFlags } from "../../core/flags.ts";
import { formatTable } from "../../core/table.ts";
import { print } from "../../core/streams.ts";
import { loadMachine, machineOf } from "../machine.ts";
import {
  compareAllreduce,
  compareCpu,
  type Compared,
  compareIterations,
  compareMeasurements,
  cpuLookupCosts,
  fitSubstrate,
  leaveOneModelOut,
} from "../published/predict.ts";
import { V100_ITERATIONS } from "../published/figures.ts";
import { MEASUREMENTS, NOT_PREDICTED } from "../published/measurements.ts";
import { comparedTable, errorLine } from "../report.ts";
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
      print(`${title}\n\n${formatTable(comparedTable(rows))}\n${errorLine(rows)}\n`);
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
    const measured = await compareMeasurements();
    const of = (known: boolean) => measured.filter((_, i) => MEASUREMENTS[i]!.known === known);
    section(
      "DLRM with all rows on GPUs, thousands of inputs a second, registered before they were predicted; no number is fitted to them",
      of(false),
    );
    for (const software of ["TensorFlow 2", "TorchRec"]) {
      const own = of(false).filter(({ what }) => what.startsWith(software));
      print(`${software}: ${errorLine(own)}`);
    }
    print("");
    section("The same, known before the model could predict them", of(true));
    print("Not predicted:");
    for (const { source, why } of NOT_PREDICTED) print(`  ${source}: ${why}`);
    print("");
    print(formatTable({
      columns: [{ name: "software" }, { name: "ns a lookup", format: (x) => x.toFixed(0) }],
      rows: cpuLookupCosts().map(({ software, ns }) => [software, ns]),
    }));
  },
};
