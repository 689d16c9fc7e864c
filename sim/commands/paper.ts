/**
 * `deno task simulate paper`: the held-out ratios of the paper from frozen parameters.
 *
 * @module
 */

import { fixed } from "../../core/format.ts";
import { writeFileWhole } from "../../core/files.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { checkOutputFile } from "../../core/outputs.ts";
import { formatTable, type Table } from "../../core/table.ts";
import { print, tell } from "../../core/streams.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import { FROZEN_SHA256 } from "../paper/frozen.ts";
import { type Interval, type PaperRow, type PaperTable, paperTable } from "../paper/table.ts";
import type { Command } from "./flags.ts";

const FLAGS = {
  draws: {
    type: "number",
    integer: true,
    min: 2,
    group: "Paper",
    defaultText: "as frozen, 500",
    help: "Draws of the Monte-Carlo intervals",
  },
  json: { type: "path", group: "Files", help: "Write everything that is printed" },
  quiet: { type: "boolean", short: "q", group: "Files", help: "Say nothing on the way" },
} as const satisfies FlagTable;

/** Prints the paper table. */
export const paperCommand: Command = {
  name: "paper",
  summary: "The paper's ratios, held out, from frozen parameters",
  async run(args) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate paper",
        about: "Predict the paper's ratios from frozen parameters",
        usage: "[flags]",
      }));
      return;
    }
    const { json = null } = values;
    checkOutputFile("--json", json);
    const say = values.quiet ? () => {} : (line: string) => tell(line);
    const table = await paperTable(say, values.draws);
    for (const section of sections(table)) print(section);
    if (json !== null) await writeFileWhole(json, `${JSON.stringify(table, null, 2)}\n`);
  },
};
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function sections(table: PaperTable): string[] {
  const { frozen, rows, otherReading, mape, nulls, permuted, levers } = table;
  const { protocol } = frozen;
  const titled = (title: string, body: Table) => `${title}\n\n${formatTable(body)}`;
  const heldNames = frozen.held_out.map(({ name }) => name);
  return [
    verdict(table),
    `Frozen ${frozen.frozen_on}, SHA-256 ${FROZEN_SHA256}`,
    `Machine ${frozen.machine}, ${protocol.gpus} GPUs, ${protocol.batch_per_gpu} inputs each; ratios of times, ${protocol.mean}\n`,
    titled("Workloads, from counted traces of the twins", {
      columns: [
        { name: "workload" },
        { name: "hot inputs, %", format: fixed(1) },
        { name: "skipped of hot, %", format: fixed(1) },
        { name: "skipped of all, %", format: fixed(1) },
      ],
      rows: table.workloads.map(({ name, hotShare, skippedShare, skippedOfAll }) => [
        name,
        100 * hotShare,
        100 * skippedShare,
        100 * skippedOfAll,
      ]),
    }),
    titled("Calibration, on ratios that are not Slipstream's, over rm1 to rm3", {
      columns: [
        { name: "scalar" },
        { name: "start", format: String },
        { name: "calibrated", format: fixed(3) },
        { name: "range" },
        { name: "sets" },
        { name: "published", format: fixed(2) },
        { name: "reached", format: fixed(2) },
      ],
      rows: frozen.calibration.map((one) => [
        one.parameter,
        frozen.start[one.parameter],
        frozen.calibrated[one.parameter],
        `${one.low} to ${one.high}${one.at_end ? ", at its end" : ""}`,
        `${one.faster} / ${one.slower}`,
        one.target,
        one.reached,
      ]),
    }),
    titled(
      "Held-out ratios: uncalibrated and calibrated, 90 % of the draws, error of the calibrated one",
      ratioTable([...rows, otherReading]),
    ),
    `The last line is reading A of the Hotline figure (Slipstream alone against Hotline); the one above it, reading B, counts.`,
    `Mean absolute error: calibrated ${percent(mape.calibrated)} (with reading A ${
      percent(mape.otherReading)
    }), uncalibrated ${percent(mape.uncalibrated)}\n`,
    titled("Calibrated ratios by workload", byWorkload([...rows, otherReading], "calibrated")),
    titled("Uncalibrated ratios by workload", byWorkload([...rows, otherReading], "uncalibrated")),
    titled("Calibrated means by GPUs", {
      columns: [{ name: "GPUs" }, ...heldNames.map((name) => ({ name, format: fixed(2) }))],
      rows: table.byGpus.map(({ gpus, ratios }) => [gpus, ...ratios.map(({ mean }) => mean)]),
    }),
    titled("Calibrated means by the share of hot inputs that is skipped after the window", {
      columns: [
        { name: "share", format: fixed(2) },
        ...heldNames.map((name) => ({ name, format: fixed(3) })),
      ],
      rows: table.dropCurve.map(({ share, means }) => [share, ...means]),
    }),
    titled("Artifact mode on both sides, calibrated scalars", {
      columns: [
        { name: "ratio" },
        { name: "published", format: fixed(2) },
        { name: "mean", format: fixed(2) },
        ...WORKLOAD_NAMES.map((name) => ({ name, format: fixed(2) })),
      ],
      rows: table.artifact.map(({ heldOut, ratio }) => [
        heldOut.name,
        heldOut.published,
        ratio.mean,
        ...WORKLOAD_NAMES.map((name) => ratio.byWorkload[name]),
      ]),
    }),
    titled("Calibrations that leave something out", {
      columns: [
        { name: "left out" },
        ...frozen.calibration.map(({ parameter }) => ({ name: parameter, format: fixed(3) })),
        { name: "mean error, %", format: fixed(1) },
      ],
      rows: table.refits.map(({ without, parameters, mape }) => [
        without,
        ...frozen.calibration.map(({ parameter }) => parameters[parameter]!),
        100 * mape,
      ]),
    }),
    titled("Null models", {
      columns: [
        { name: "model" },
        ...heldNames.map((name) => ({ name, format: fixed(2) })),
        { name: "mean error, %", format: fixed(1) },
        { name: "error against FAE, %", format: fixed(1) },
      ],
      rows: [
        [
          "N1: 1 / (1 - skipped share)",
          ...heldNames.map(() => nulls.n1.prediction),
          100 * nulls.n1.mape,
          100 * nulls.n1.faeError,
        ],
        ["N2: mean of the others", ...nulls.n2.predictions, 100 * nulls.n2.mape, null],
        [
          "this model",
          ...rows.map(({ calibrated }) => calibrated.mean),
          100 * mape.calibrated,
          100 * nulls.modelFaeError,
        ],
      ],
    }),
    `Hot shares dealt to other workloads, calibrated anew: mean error ${
      percent(permuted.best)
    } at best, ${percent(permuted.median)} in the middle, ${
      percent(permuted.worst)
    } at worst; ${permuted.better} of 24 orders are better than the workloads' own\n`,
    titled("One number moved to an end of its range, scalars calibrated anew: mean error, %", {
      columns: [
        { name: "number" },
        { name: "at its low end", format: fixed(1) },
        { name: "at its high end", format: fixed(1) },
      ],
      rows: levers.slice(0, 8).map(({ name, atLow, atHigh }) => [name, 100 * atLow, 100 * atHigh]),
    }),
  ];
}

/** Whether the bar is met, part by part, and by which reading of the Hotline figure. */
function verdict(
  { frozen: { protocol }, mape, nulls, levers, met, otherReading }: PaperTable,
): string {
  const word = (is: boolean) => is ? "met" : "MISSED";
  const all = met.each && met.mean && met.nulls && met.n1Fae;
  const lines = [
    `Bar, with reading ${protocol.hotline_reading} of the Hotline figure: ${
      all ? "met" : "NOT MET in every part"
    }`,
    `  each of the four ratios within ${percent(protocol.bar_each)}: ${word(met.each)}`,
    `  mean error at most ${percent(protocol.bar_mean)}: ${word(met.mean)} (${
      percent(mape.calibrated)
    })`,
    `  less error than both null models over the four: ${word(met.nulls)} (N1 ${
      percent(nulls.n1.mape)
    }, N2 ${percent(nulls.n2.mape)})`,
    `  less error than N1 in the ratio to FAE, which N1 is made for: ${word(met.n1Fae)} (${
      percent(nulls.modelFaeError)
    }, N1 ${percent(nulls.n1.faeError)})`,
    `With the other reading: Hotline's ratio off by ${
      percent(Math.abs(otherReading.error))
    }, mean error ${percent(mape.otherReading)}`,
  ];
  const lever = levers[0];
  if (!all && lever !== undefined) {
    lines.push(
      `The number whose range moves the mean error most is ${lever.name}: ${
        percent(Math.min(lever.atLow, lever.atHigh))
      } at one end of it`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function ratioTable(rows: readonly PaperRow[]): Table {
  const interval = ({ low, high }: Interval) => `${low.toFixed(2)} to ${high.toFixed(2)}`;
  return {
    columns: [
      { name: "ratio" },
      { name: "published", format: fixed(3) },
      { name: "uncalibrated", format: fixed(3) },
      { name: "all ranges drawn" },
      { name: "calibrated", format: fixed(3) },
      { name: "calibrated in each draw" },
      { name: "error, %", format: fixed(1) },
    ],
    rows: rows.map(({ heldOut, uncalibrated, calibrated, prior, posterior, error }) => [
      heldOut.name,
      heldOut.published,
      uncalibrated.mean,
      interval(prior),
      calibrated.mean,
      interval(posterior),
      100 * error,
    ]),
  };
}

function byWorkload(rows: readonly PaperRow[], which: "calibrated" | "uncalibrated"): Table {
  return {
    columns: [
      { name: "ratio" },
      ...WORKLOAD_NAMES.map((name) => ({ name, format: fixed(3) })),
      { name: "mean", format: fixed(3) },
    ],
    rows: rows.map((row) => [
      row.heldOut.name,
      ...WORKLOAD_NAMES.map((name) => row[which].byWorkload[name]),
      row[which].mean,
    ]),
  };
}
