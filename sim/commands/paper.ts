/**
 * `deno task simulate paper`: the held-out ratios of the paper from registered parameters.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { fixed } from "../../core/format.ts";
import { type FlagTable, formatHelp, parseFlags, QUIET_FLAG } from "../../core/flags.ts";
import { claimOutputs } from "../../core/outputs.ts";
import { formatTable, type Table } from "../../core/table.ts";
import { wrap } from "../../core/wrap.ts";
import { print, tell } from "../../core/streams.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import { type FirstTable, FROZEN_SHA256, loadFirstTable } from "../paper/first.ts";
import { REGISTERED_SHA256 } from "../paper/registration.ts";
import { loadSecond, loadSecondTable, SECOND_SHA256 } from "../paper/second.ts";
import { type PaperRow, type PaperTable, paperTable } from "../paper/table.ts";
import type { Range } from "../uncertainty.ts";
import { writeFiles } from "./files.ts";
import type { Command } from "./flags.ts";

const FLAGS = {
  draws: {
    type: "number",
    integer: true,
    min: 2,
    group: "Paper",
    defaultText: "as registered, 200",
    help: "Draws of what is uncertain, for ranges",
  },
  first: {
    type: "boolean",
    group: "Paper",
    help: "Show the first registration's ratios, as they were, and nothing else",
  },
  second: {
    type: "boolean",
    group: "Paper",
    help: "Show the second registration's table, as it was, and nothing else",
  },
  json: {
    type: "path",
    group: "Files",
    help: "Write everything that is printed; - is standard output",
  },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Prints the paper table. */
export const paperCommand: Command = {
  name: "paper",
  summary: "The paper's ratios, held out, from registered parameters",
  flags: FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate paper",
        about: "Predict the paper's ratios from registered parameters",
        usage: "[flags]",
      }));
      return;
    }
    if (values.first && values.second) {
      throw new UsageError("Cannot show two registrations at once: give --first or --second");
    }
    const { json = null } = values;
    claimOutputs({ "--json": json }, values);
    if (values.first) {
      const first = await loadFirstTable();
      await writeFiles(signal, [[json, () => `${JSON.stringify(first, null, 2)}\n`]]);
      print(firstSection(first));
      return;
    }
    if (values.second) {
      await loadSecond();
      const second = await loadSecondTable();
      await writeFiles(signal, [[json, () => `${JSON.stringify(second, null, 2)}\n`]]);
      for (const section of sections(second, "Second", SECOND_SHA256)) print(section);
      return;
    }
    const say = values.quiet ? () => {} : (line: string) => tell(line);
    const table = await paperTable({ say, draws: values.draws, signal });
    await writeFiles(signal, [[json, () => `${JSON.stringify(table, null, 2)}\n`]]);
    for (const section of sections(table)) print(section);
  },
};
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function sections(
  table: PaperTable,
  ordinal: "Second" | "Third" = "Third",
  sha256: string = REGISTERED_SHA256,
): string[] {
  const { registration, rows, readings, mape, nulls, permuted, levers } = table;
  const { protocol, held_out: heldOut } = registration;
  const titled = (title: string, body: Table) => `${wrap(title)}\n\n${formatTable(body)}`;
  const heldNames = heldOut.map(({ name }) => name);
  return [
    verdict(table),
    wrap(
      `${ordinal} registration, ${registration.registered_on}, SHA-256 ${sha256}${
        table.changed.length === 0
          ? ""
          : `; text edited since, and held to the same ratios by a test: ${
            table.changed.join(", ")
          }`
      }`,
    ),
    `Known when it was made:\n${
      registration.known.map((line) => wrap(`  - ${line}`, { hang: 2 })).join("\n")
    }`,
    wrap(
      `Machine ${registration.machine}, ${protocol.gpus} GPUs, ${protocol.batch_per_gpu} inputs each; ratios of times, ${protocol.mean}\n`,
    ),
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
        { name: "drawn" },
        { name: "reached", format: fixed(2) },
      ],
      rows: registration.calibration.map((one) => [
        one.parameter,
        registration.start[one.parameter],
        registration.calibrated[one.parameter],
        `${one.low} to ${one.high}${one.at_end ? ", at its end" : ""}`,
        `${one.faster} / ${one.slower}`,
        one.target,
        `${one.target_low!.toFixed(2)} to ${one.target_high!.toFixed(2)}`,
        one.reached,
      ]),
    }),
    titled(
      "Held-out ratios: uncalibrated and calibrated, each with the range of 90 % of the draws, error of the calibrated one",
      ratioTable(rows),
    ),
    titled(
      "Other readings of the same figures: against DLRM with Intel's kernels, under FAE without and with them; Slipstream alone against Hotline",
      ratioTable(readings),
    ),
    `Mean absolute error over the four: calibrated ${percent(mape.calibrated)}, uncalibrated ${
      percent(mape.uncalibrated)
    }\n`,
    titled("Calibrated ratios by workload", byWorkload([...rows, ...readings], "calibrated")),
    titled("Uncalibrated ratios by workload", byWorkload([...rows, ...readings], "uncalibrated")),
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
        ...registration.calibration.map(({ parameter }) => ({ name: parameter, format: fixed(3) })),
        { name: "mean error, %", format: fixed(1) },
      ],
      rows: table.refits.map(({ without, parameters, mape }) => [
        without,
        ...registration.calibration.map(({ parameter }) => parameters[parameter]!),
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
        ...nulls.models.map((one) => [
          one.name,
          ...one.predictions,
          100 * one.mape,
          100 * one.faeError,
        ]),
        [
          "this model",
          ...rows.map(({ calibrated }) => calibrated.mean),
          100 * mape.calibrated,
          100 * nulls.modelFaeError,
        ],
      ],
    }),
    `What the machine adds: ${
      (100 * nulls.machineAdds).toFixed(1)
    } percentage points less error than the best of these\n`,
    titled("Epochs an hour, beside Hotline's first version, which does not say of which data set", {
      columns: [
        { name: "system" },
        { name: "published", format: fixed(1) },
        ...WORKLOAD_NAMES.map((name) => ({ name, format: fixed(1) })),
      ],
      rows: table.epochsAnHour.map(({ system, published, byWorkload }) => [
        system,
        published,
        ...WORKLOAD_NAMES.map((name) => byWorkload[name]),
      ]),
    }),
    wrap(
      `Hot shares dealt to other workloads, calibrated anew: mean error ${
        percent(permuted.best)
      } at best, ${percent(permuted.median)} in the middle, ${
        percent(permuted.worst)
      } at worst; ${permuted.better} of 24 orders are better than the workloads' own\n`,
    ),
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

/** Whether the bar is met, part by part. */
function verdict({ registration: { protocol }, mape, nulls, levers, met }: PaperTable): string {
  const word = (is: boolean) => is ? "met" : "MISSED";
  const all = met.each && met.mean && met.nulls && met.fae;
  const errors = nulls.models.map(({ name, mape }) => `${name.split(":")[0]} ${percent(mape)}`);
  const lines = [
    `Bar, with reading ${protocol.hotline_reading} of the Hotline figure: ${
      all ? "met" : "NOT MET in every part"
    }`,
    `  each of the four ratios within ${percent(protocol.bar_each)}: ${word(met.each)}`,
    `  mean error at most ${percent(protocol.bar_mean)}: ${word(met.mean)} (${
      percent(mape.calibrated)
    })`,
    `  less error than every null model over the four: ${word(met.nulls)} (${errors.join(", ")})`,
    `  less error than N1 in the ratio to FAE, which N1 is made for: ${word(met.fae)} (${
      percent(nulls.modelFaeError)
    }, N1 ${percent(nulls.models[0]!.faeError)})`,
  ];
  const lever = levers[0];
  if (lever !== undefined) {
    lines.push(
      `The number whose range moves the mean error most is ${lever.name}: ${
        percent(lever.atLow)
      } to ${percent(lever.atHigh)}`,
    );
  }
  return `${wrap(lines.join("\n"), { hang: 2 })}\n`;
}

const asRange = ({ low, high }: Range) => `${low.toFixed(2)} to ${high.toFixed(2)}`;

function ratioTable(rows: readonly PaperRow[]): Table {
  return {
    columns: [
      { name: "ratio" },
      { name: "published", format: fixed(3) },
      { name: "uncalibrated", format: fixed(3) },
      { name: "range" },
      { name: "calibrated", format: fixed(3) },
      { name: "range" },
      { name: "error, %", format: fixed(1) },
    ],
    rows: rows.map(({ heldOut, uncalibrated, calibrated, prior, range, error }) => [
      heldOut.name,
      heldOut.published,
      uncalibrated.mean,
      asRange(prior),
      calibrated.mean,
      asRange(range),
      100 * error,
    ]),
  };
}

/** The first registration's ratios, as they were printed. */
function firstSection({ frozen, rows, otherReading, mape }: FirstTable): string {
  return [
    `First registration, ${frozen.frozen_on}, SHA-256 ${FROZEN_SHA256}; its formulas are in the project's history\n`,
    formatTable({
      columns: [
        { name: "ratio" },
        { name: "published", format: fixed(3) },
        { name: "uncalibrated", format: fixed(3) },
        { name: "calibrated", format: fixed(3) },
        { name: "calibrated in each draw" },
        { name: "error, %", format: fixed(1) },
      ],
      rows: [...rows, otherReading].map(
        ({ heldOut, uncalibrated, calibrated, posterior, error }) => [
          heldOut.name,
          heldOut.published,
          uncalibrated.mean,
          calibrated.mean,
          asRange(posterior),
          100 * error,
        ],
      ),
    }),
    `Mean absolute error: calibrated ${percent(mape.calibrated)}, uncalibrated ${
      percent(mape.uncalibrated)
    }`,
  ].join("\n");
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
