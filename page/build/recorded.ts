/**
 * The recorded study as markup for the page: the report of the runs that are kept with the project.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Experiment } from "../../bench/experiment.ts";
import { ablationExperiment } from "../../bench/experiments/ablation.ts";
import { accuracyExperiment } from "../../bench/experiments/accuracy.ts";
import { frontierExperiment } from "../../bench/experiments/frontier.ts";
import { naiveSkipExperiment } from "../../bench/experiments/naive_skip.ts";
import { speedupExperiment } from "../../bench/experiments/speedup.ts";
import { trafficExperiment } from "../../bench/experiments/traffic.ts";
import { BENCH_FLAGS, commandLine, settingsOf } from "../../bench/flags.ts";
import { recordedExperiment } from "../../bench/recorded_experiment.ts";
import type { BenchDocument } from "../../bench/report.ts";
import { reportPage } from "../../bench/report_page/mod.ts";
import { runExperiment } from "../../bench/run_experiment.ts";
import { themeCss } from "../../figures/theme.ts";
import { parseFlags } from "../../core/flags.ts";

/** Made of recorded runs. */
const RECORDED: readonly Experiment[] = [
  frontierExperiment,
  ablationExperiment,
  accuracyExperiment,
  naiveSkipExperiment,
];
/** Predicted by the simulator, which takes no training. */
const PREDICTED: readonly Experiment[] = [speedupExperiment, trafficExperiment];

/** The folder of the records. */
const RECORDS = fileURLToPath(new URL("../../bench/recorded/", import.meta.url));

/** What the page shows of the study. */
export interface RecordedStudy {
  /** Markup without scripts. */
  readonly html: string;
  /** Rules for it alone. */
  readonly css: string;
}

/**
 * Makes the tables and figures of the recorded runs, and of the predictions beside them.
 *
 * @throws {UserError} A record cannot be read.
 */
export async function recordedStudy(): Promise<RecordedStudy> {
  const documents = [
    ...await Promise.all(RECORDED.map((one) => documentOf(recordedExperiment(one), true))),
    ...await Promise.all(PREDICTED.map((one) => documentOf(one, false))),
  ].filter(({ tables }) => tables.length > 0);
  return partsOf(await reportPage({ documents, refused: [] }));
}

/** What an experiment finds, by the defaults of its flags. */
async function documentOf(experiment: Experiment, recorded: boolean): Promise<BenchDocument> {
  const { values } = parseFlags(BENCH_FLAGS, []);
  const own = recorded ? { ...values, recorded, records: RECORDS } : values;
  const settings = settingsOf(own, { say: () => {}, signal: new AbortController().signal });
  const [name, ...flags] = experiment.words ?? [experiment.name];
  const command = commandLine(values, [], [name, ...flags]);
  const { document, error } = await runExperiment(experiment, settings, command);
  if (error !== undefined) throw error;
  return document;
}

/** The body and the style of a report, as parts of another page. */
function partsOf(page: string): RecordedStudy {
  const [, css] = /<style>\n?([^]*?)<\/style>/.exec(page) ?? [];
  const [, html] = /<body[^>]*>([^]*)<\/body>/.exec(page) ?? [];
  if (css === undefined || html === undefined) {
    throw new Error("Cannot take the report apart: it has no style or no body");
  }
  return {
    // The page runs no script but its own. There is one main part and one title, which the page has.
    html: html.replaceAll(/<script>[^]*?<\/script>/g, "")
      .replaceAll(/<(\/?)(?:header|main)>/g, "<$1div>").replaceAll(/<(\/?)h1\b/g, "<$1h2"),
    // Nested, which more browsers know than @scope.
    css: `#report {\n${css.replace(themeCss(":root"), "")}}\n`,
  };
}
