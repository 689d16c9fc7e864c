/**
 * The simulator against the trainer on this machine: a calibration, runs that it has not seen, and the error of each.
 *
 * @module
 */

import { BAR } from "../../sim/validate/compare.ts";
import {
  blockTable,
  iterationTable,
  stageSummary,
  stageTable,
  watchLine,
} from "../../sim/validate/report.ts";
import { validate, type Validation } from "../../sim/validate/validate.ts";
import { numberColumn, plainColumn, tableOf } from "../columns.ts";
import {
  defineExperiment,
  type DeviceNote,
  type Findings,
  type Sample,
  type SettingsOf,
} from "../experiment.ts";
import type { Figure } from "../../figures/figure.ts";
import { measuredMachine } from "../measured_machine.ts";
import { percent } from "../paper_machine.ts";
import { timeSample } from "../samples.ts";

const FLAGS = ["device", "threads"] as const;
type OwnSettings = SettingsOf<typeof FLAGS[number]>;

/** Validates. */
export const validateExperiment = defineExperiment({
  name: "validate",
  summary: "The simulator against runs of the trainer on this machine",
  title: "Simulator against measured runs",
  suite: "full",
  flags: FLAGS,
  async run(settings): Promise<Findings> {
    const { machine, device, how } = await measuredMachine(settings, "deno task bench validate");
    settings.say("training the runs that are predicted");
    const validation = await validate({
      machine,
      quick: settings.smoke,
      onRun: (done, total, name) => settings.say(`run ${done + 1} of ${total}: ${name}`),
      onDisturbed: (name) =>
        settings.say(`${name}: something else was at work, so that it is run again`),
      onWarning: settings.say,
      signal: settings.signal,
    });
    const { verdict, minibatches } = validation;
    return {
      tables: [
        tableOf(
          {
            title: "Iteration time: the simulator against runs on this machine",
            short: true,
          },
          [verdict],
          [
            plainColumn("kinds of minibatches", () => minibatches.length),
            numberColumn("mean error, %", 1, ({ mean }) => 100 * mean),
            numberColumn("worst error, %", 1, ({ worst }) => 100 * worst),
            plainColumn(
              `bar (${percent(BAR.mean)}, worst ${percent(BAR.worst)})`,
              () => barCell(validation, device),
            ),
          ],
        ),
        { title: "By run and kind of minibatch", ...told(iterationTable(validation)) },
        { title: "By stage, over all runs", short: true, ...told(stageSummary(validation)) },
        { title: "By stage", ...told(stageTable(validation)) },
        { title: "Beside the minibatches", ...told(blockTable(validation)) },
      ],
      figures: [figureOf(validation)],
      samples: samplesOf(validation),
      device,
      notes: [
        how,
        "Each run is predicted from the machine file and the counts of its own minibatches, never from its times; no run was part of the calibration, which times single operations",
        "The mean is the geometric one of 1 + |error|, less 1; measured is the median over the minibatches of a kind",
        "It shows how far the model of this trainer on this machine holds; it says nothing of other machines, nor of the other systems on the paper's machine",
        watchLine(validation).replace(/\.$/, ""),
        ...validation.warnings,
        ...device.isFallbackAdapter
          ? [
            `${device.name} is a software adapter: its times say nothing of a GPU, so that nothing is concluded of the bar`,
          ]
          : [],
        ...settings.smoke ? ["A quick validation on tiny runs: its errors mean nothing"] : [],
      ],
    };
  },
});

/** Whether the bar is met; null on a software adapter, whose times say nothing. */
export function barCell(
  { verdict }: Pick<Validation, "verdict">,
  { isFallbackAdapter }: DeviceNote,
): "met" | "missed" | null {
  return isFallbackAdapter ? null : verdict.met ? "met" : "missed";
}

/** Columns that say which of their numbers are predicted. */
function told<C extends { readonly name: string }, R>(
  table: { readonly columns: readonly C[]; readonly rows: R },
) {
  return {
    columns: table.columns.map((column) =>
      column.name.startsWith("predicted") ? { ...column, origin: "predicted" as const } : column
    ),
    rows: table.rows,
  };
}

function samplesOf({ minibatches }: Validation): Sample[] {
  return minibatches.map(({ configuration, kind, rounds }) =>
    timeSample(`${configuration}/${kind}`, "ms", rounds)
  );
}

function figureOf({ minibatches }: Validation): Figure {
  return {
    name: "predicted-measured",
    title: "Predicted against measured time of a minibatch",
    caption: "One point a kind of minibatch of a run; on the line the prediction is exact.",
    panels: [{
      title: "",
      mark: "scatter",
      x: { label: "measured, ms", scale: "log" },
      y: { label: "predicted, ms", scale: "log" },
      data: minibatches.map(({ predicted, measured }) => ({
        x: measured,
        y: predicted,
        series: "predicted",
        origin: "predicted",
      })),
      diagonal: "predicted = measured",
    }],
  };
}
