/**
 * `deno task simulate break-even`: which system is fastest where, and on machines as they are.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { withEvents } from "../../core/events.ts";
import { type FlagTable, formatHelp, parseFlags, QUIET_FLAG } from "../../core/flags.ts";
import { fixed, formatCount } from "../../core/format.ts";
import { claimOutputs } from "../../core/outputs.ts";
import { Progress } from "../../core/progress.ts";
import { print, tell } from "../../core/streams.ts";
import { formatTable } from "../../core/table.ts";
import { detectTerminal } from "../../core/terminal.ts";
import { drawFigure } from "../../data/figure.ts";
import { BREAK_EVEN_SYSTEMS, type BreakEvenCell, breakEvenInPieces } from "../break_even.ts";
import { GPU_MACHINE_NAMES, loadGpuMachine, type MachineDocument } from "../machine.ts";
import { rowsFit } from "../simulate.ts";
import { parseAxis } from "../sweep.ts";
import { findSystem } from "../systems/mod.ts";
import { writeFiles } from "./files.ts";
import { type Command, describeSet, openSubject, SUBJECT_FLAGS } from "./flags.ts";
import { describe } from "./run.ts";

const { trace, skips, batchPerGpu, parameters } = SUBJECT_FLAGS;

const FLAGS = {
  ...{ trace, skips, batchPerGpu, parameters },
  machine: {
    type: "string",
    default: "v100x4",
    group: "Simulation",
    help: "Machine that the map starts from",
  },
  gpus: {
    type: "number",
    integer: true,
    min: 1,
    default: 4,
    group: "Simulation",
    help: "GPUs, or all that a machine has if those are fewer",
  },
  system: {
    type: "list",
    default: BREAK_EVEN_SYSTEMS,
    valueName: "NAME,…",
    group: "Simulation",
    help:
      "Systems that are compared on machines as they are; those whose rows do not fit are left out",
  },
  among: {
    type: "list",
    default: BREAK_EVEN_SYSTEMS.slice(0, 3),
    valueName: "NAME,…",
    group: "Map",
    help:
      "Systems of the map; unless told those that keep rows in host memory, since all rows on the GPUs win wherever they fit",
  },
  axis: {
    type: "paths",
    default: [
      "hot_share=0.5,0.7,0.9",
      "link.generation=3,5",
      "drop=0,0.15,0.3,0.45",
      "pytorch_lookup_ns=25,40,60,100,400",
    ],
    valueName: "NAME=VALUES…",
    group: "Map",
    help: "Axes, as of sweep: the last is the columns, the one before it the rows of a table",
  },
  points: {
    type: "list",
    default: GPU_MACHINE_NAMES,
    valueName: "NAME,…",
    group: "Map",
    help: "Machines that are shown as they are",
  },
  draws: {
    type: "number",
    integer: true,
    min: 0,
    default: 20,
    group: "Map",
    help: "Draws a cell of all that no axis sets",
  },
  json: { type: "path", group: "Files", help: "Write all cells and points; - is standard output" },
  plot: { type: "path", group: "Files", help: "Draw the map as SVG" },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Maps. */
export const breakEvenCommand: Command = {
  name: "break-even",
  summary:
    "Which system is fastest where: CPU cost a lookup, drop, hot share, link; and on machines as they are",
  flags: FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate break-even",
        about: "Map which system is fastest",
        usage: "--trace FILE [flags]",
      }));
      return;
    }
    const { json = null, plot = null, draws } = values;
    claimOutputs({ "--json": json, "--plot": plot }, values);
    const axes = values.axis.map(parseAxis);
    if (axes.length < 2) {
      throw new UsageError("Cannot draw a map of fewer than two axes: give --axis A=1,2 B=3,4");
    }
    const names = values.system.map((name) => findSystem(name).name);
    const among = values.among.map((name) => findSystem(name).name);
    const subject = await openSubject({
      ...values,
      ...{ machine: [values.machine], gpus: [values.gpus], system: names, precision: "fp32" },
      ...{ batch: undefined, drop: undefined },
    });
    const { documents: [document], set } = subject;
    const [{ trace, name }] = subject.traces as [typeof subject.traces[number]];
    const optionsOf = (
      document: MachineDocument,
      wanted: readonly string[],
    ) => {
      const gpus = Math.min(values.gpus, document.gpu.count.value);
      const systems = wanted.filter((system) => rowsFit(findSystem(system), trace, document, gpus));
      return { trace, document, set, systems, gpus, batchPerGpu: values.batchPerGpu, draws };
    };
    const total = axes.reduce((n, { values }) => n * values.length, 1);
    const cellsText = `${formatCount(total)} ${total === 1 ? "cell" : "cells"}`;
    if (!values.quiet) tell(`${name}: a map of ${cellsText}, ${formatCount(draws)} draws in each`);
    const terminal = detectTerminal("stderr");
    using progress = new Progress({
      ...{ label: "map", total, unit: "cells", terminal, quiet: values.quiet },
    });
    const onCell = (done: number) => progress.update(done);
    const pieces = breakEvenInPieces({ ...optionsOf(document!, among), axes, onCell });
    const cells = await withEvents(pieces, signal);
    progress.finish();
    const points: (BreakEvenCell & { readonly machine: string; readonly gpus: number })[] = [];
    for (const machine of values.points) {
      const options = optionsOf(await loadGpuMachine(machine), names);
      if (options.systems.length === 0) continue;
      const [point] = await withEvents(breakEvenInPieces({ ...options, axes: [] }), signal);
      points.push({ machine, gpus: options.gpus, ...point! });
    }
    const map = {
      ...{ schema: "slipstream.break-even", schema_version: 1, axes, cells, points },
      ...{ parameters: set.name, draws },
    };
    await writeFiles(signal, [
      [json, () => `${JSON.stringify(map, null, 2)}\n`],
      [plot, () => drawMap(axes, cells)],
    ]);
    print(`${describe({ name, trace })}\n${describeSet(set, draws)}\n`);
    for (const section of mapSections(axes, cells)) print(section);
    print(
      "Machines as they are: seconds an epoch, and the fastest with its share of the draws\n",
    );
    print(formatTable({
      columns: [
        { name: "machine" },
        { name: "GPUs" },
        ...names.map((system) => ({ name: system, format: fixed(1) })),
        { name: "fastest" },
        { name: "draws, %", format: fixed(0) },
      ],
      rows: points.map((point) => [
        point.machine,
        point.gpus,
        ...names.map((system) =>
          point.epoch_ms[system] === undefined ? null : point.epoch_ms[system] / 1000
        ),
        point.fastest,
        100 * point.share,
      ]),
    }));
  },
};

type Axes = readonly { readonly name: string; readonly values: readonly number[] }[];

/** A table for each combination of the axes before the last two: rows and columns are the last two. */
function mapSections(axes: Axes, cells: readonly BreakEvenCell[]): string[] {
  const outer = axes.slice(0, -2), [down, across] = axes.slice(-2) as [Axes[number], Axes[number]];
  const size = down.values.length * across.values.length;
  return Array.from({ length: cells.length / size }, (_, k) => {
    const own = cells.slice(k * size, (k + 1) * size);
    const where = outer.map(({ name }, a) => `${name} ${own[0]!.values[a]}`).join(", ");
    return `${where === "" ? "Fastest" : `Fastest where ${where}`}\n\n${
      formatTable({
        columns: [
          { name: `${down.name} \\ ${across.name}` },
          ...across.values.map((value) => ({ name: String(value) })),
        ],
        rows: down.values.map((value, r) => [
          value,
          ...across.values.map((_, c) => {
            const { fastest, share } = own[r * across.values.length + c]!;
            return `${fastest} ${(100 * share).toFixed(0)} %`;
          }),
        ]),
      })
    }`;
  });
}

/** The map as cells: the last two axes in each panel, the one before across panels. */
function drawMap(axes: Axes, cells: readonly BreakEvenCell[]): Promise<string> {
  const outer = axes.slice(0, -2), [down, across] = axes.slice(-2) as [Axes[number], Axes[number]];
  const size = down.values.length * across.values.length;
  return drawFigure(
    "Which system is fastest",
    (Plot) =>
      Array.from({ length: cells.length / size }, (_, k) => {
        const own = cells.slice(k * size, (k + 1) * size).map(({ values, fastest, share }) => ({
          x: String(values.at(-1)),
          y: String(values.at(-2)),
          fastest,
          share,
        }));
        const first = cells[k * size]!;
        return {
          title: outer.map(({ name }, a) => `${name} ${first.values[a]}`).join(", ") || "all",
          options: {
            x: { type: "band", label: across.name, domain: across.values.map(String) },
            y: { type: "band", label: down.name, domain: down.values.map(String).reverse() },
            color: { type: "categorical", legend: true },
            marks: [
              Plot.cell(own, { x: "x", y: "y", fill: "fastest", fillOpacity: "share", inset: 0.5 }),
            ],
          },
        };
      }),
  );
}
