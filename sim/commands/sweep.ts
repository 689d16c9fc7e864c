/**
 * `deno task simulate sweep`: every combination of the values of some axes, on all cores.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { formatDuration } from "../../core/format.ts";
import { claimOutputs } from "../../core/outputs.ts";
import { formatTable } from "../../core/table.ts";
import { print, tell } from "../../core/streams.ts";
import { drawFigure } from "../../data/figure.ts";
import { machineOf } from "../machine.ts";
import { countedDrop } from "../ranges.ts";
import { countingAhead } from "../recount.ts";
import { sweepRecords, toArrow, toCsv } from "../report.ts";
import { CountCache } from "../count_cache.ts";
import { countPoints, parseAxis, sweep, type SweepOptions, type SweepRow } from "../sweep.ts";
import { CountProgress } from "./count_progress.ts";
import { writeFiles } from "./files.ts";
import { type Command, describeSet, openSubject, SUBJECT_FLAGS } from "./flags.ts";

const FLAGS = {
  ...SUBJECT_FLAGS,
  axis: {
    type: "paths",
    required: true,
    valueName: "NAME=VALUES…",
    group: "Sweep",
    help:
      "Axes: gpus, batch_per_gpu, drop, hot_share, hot_memory_mib (counts the twin of a counted trace again), dim (D, floats in a row), any number of the machine (link.pageable_gb_s; link.generation scales the link) or any parameter; NAME=1,2,3 or NAME=FROM:TO:STEPS",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    group: "Sweep",
    defaultText: "all cores",
    help: "Threads",
  },
  csv: { type: "path", group: "Files", help: "Write all points as CSV; - is standard output" },
  arrow: { type: "path", group: "Files", help: "Write all points as an Arrow file" },
  plot: { type: "path", group: "Files", help: "Draw epoch time by the first axis as SVG" },
} as const satisfies FlagTable;

const SHOWN = 40;

/** Draws at each point by default, and the number of points from which on the default is none. */
const DRAWS = 40, DRAWN_POINTS = 2000;

/** Sweeps. */
export const sweepCommand: Command = {
  name: "sweep",
  summary: "Every combination of the values of some axes, on all cores",
  flags: FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate sweep",
        about: "Simulate every combination of the values of some axes",
        usage: "--trace FILE --axis NAME=VALUES… [flags]",
        examples: [[
          "PCI Express generations by GPUs",
          "deno task simulate sweep --trace rm2 --axis link.generation=3,4,5 gpus=1,2,4",
        ]],
      }));
      return;
    }
    const { csv = null, arrow = null, plot = null } = values;
    claimOutputs({ "--csv": csv, "--arrow": arrow, "--plot": plot });
    const axes = values.axis.map(parseAxis);
    for (const [i, { name }] of axes.entries()) {
      if (axes.findIndex((other) => other.name === name) !== i) {
        throw new UsageError(`Cannot sweep ${name} twice: give all its values in one axis`);
      }
    }
    if (values.gpus.length > 1) {
      throw new UsageError("Cannot use --gpus with several numbers here: give --axis gpus=1,2,4");
    }
    const { traces, documents, systems, set } = await openSubject(values);
    const plain: SweepOptions = {
      ...{ systems, axes },
      traces: traces.map((named) => ({ ...named, drop: countedDrop(named.trace) })),
      machines: documents.map(machineOf),
      gpus: values.gpus[0]!,
      batchPerGpu: values.batchPerGpu,
      batch: values.batch,
      precision: values.precision,
      drop: values.drop,
      parameters: set.parameters,
      threads: values.threads,
      countCache: new CountCache(),
      onCount: (done, total, trace) => progress.update(done, total, `count ${trace}`),
      signal,
    };
    const points = countPoints(plain);
    const draws = values.draws ?? (points <= DRAWN_POINTS ? DRAWS : 0);
    const options: SweepOptions = {
      ...plain,
      drawn: { documents, set, draws, drop: values.drop === undefined },
    };
    for (const line of await countingAhead(options)) tell(line);
    using progress = new CountProgress(false);
    const begun = performance.now();
    const rows = await sweep(options);
    const seconds = (performance.now() - begun) / 1000;
    progress[Symbol.dispose]();
    const records = sweepRecords(options, rows);
    await writeFiles(signal, [
      [csv, () => toCsv(records)],
      [arrow, () => toArrow(records)],
      [plot, () => drawSweep(options, rows)],
    ]);
    print(`${describeSet(set, draws)}\n`);
    print(formatTable({
      columns: [
        { name: "trace" },
        { name: "machine" },
        { name: "system" },
        ...axes.map(({ name }) => ({
          name,
          format: (x: number) => String(Number(x.toPrecision(6))),
        })),
        { name: "epoch, s", format: (x) => x.toFixed(2) },
        ...draws === 0 ? [] : [{ name: "range" }],
      ],
      rows: rows.slice(0, SHOWN).map((row) => [
        row.trace,
        row.machine,
        row.system,
        ...row.values,
        row.epoch_ms / 1000,
        ...draws === 0 ? [] : [
          `${(row.epoch_low_ms! / 1000).toFixed(2)} to ${(row.epoch_high_ms! / 1000).toFixed(2)}`,
        ],
      ]),
    }));
    if (points > SHOWN) print(`… and ${points - SHOWN} more`);
    print(
      `${points} points in ${formatDuration(seconds)}, ${
        Math.round(60 * points / seconds)
      } a minute`,
    );
  },
};

/** Epoch time by the first axis, a line a system; other axes give a line each. */
function drawSweep({ axes }: SweepOptions, rows: readonly SweepRow[]): Promise<string> {
  const first = axes[0]!.name;
  const points = rows.map((row) => ({
    x: row.values[0]!,
    seconds: row.epoch_ms / 1000,
    system: row.system,
    line: [row.trace, row.machine, row.system, ...row.values.slice(1)].join(" "),
  }));
  return drawFigure(`Epoch time by ${first}`, (Plot) => [{
    title: first,
    options: {
      marginRight: 90,
      x: { label: first },
      y: { label: "seconds an epoch", zero: true },
      color: { legend: false },
      marks: [
        Plot.line(points, { x: "x", y: "seconds", z: "line", stroke: "system" }),
        Plot.dot(points, { x: "x", y: "seconds", fill: "system", r: 2 }),
        Plot.text(
          points,
          Plot.selectLast({
            x: "x",
            y: "seconds",
            z: "system",
            text: "system",
            fill: "system",
            dx: 6,
            textAnchor: "start",
          }),
        ),
      ],
    },
  }]);
}
