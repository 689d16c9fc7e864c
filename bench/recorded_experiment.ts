/**
 * An experiment made of recorded runs: the same tables and figures, under a name of its own, in which every number says that
 * it was recorded.
 *
 * @module
 */

import { counted, formatCount } from "../core/format.ts";
import type { Experiment, Findings, ResultTable, Settings } from "./experiment.ts";
import type { Figure, Origin, Panel } from "../figures/figure.ts";
import { RECORDED_ENDING } from "./folder_names.ts";
import { chooseRecorded } from "./study/choose_recorded.ts";
import { ALONE, type RecordedRun, type RecordedStudy } from "./study/recorded.ts";
import { studyLabel } from "./study/workload.ts";

/** The experiment that shows what was recorded, where `experiment` trains. */
export function recordedExperiment(experiment: Experiment): Experiment {
  const { name, title, suiteWorkloads: _workloads, suiteRecords: _records, ...rest } = experiment;
  return {
    ...rest,
    name: `${name}${RECORDED_ENDING}`,
    words: [name, "--recorded"],
    fixed: { recorded: true, full: true, smoke: false },
    title: `${title}: recorded runs`,
    run: async (settings) => {
      const studies = await chooseRecorded(settings);
      const runs = studies.flatMap((study) => study.runs);
      if (runs.length === 0) return { tables: [], notes: [await nothingNote(settings)] };
      const found = await experiment.run({ ...settings, recorded: true, full: true });
      const others = studies.flatMap((study) => study.others);
      // One device is told of where all runs are of it.
      const device = new Set(runs.map((run) => run.conditions.device)).size > 1
        ? { device: null }
        : {};
      const notes = [
        ...found.notes,
        `Recorded, not run for this table: ${sizesOf(studies)}`,
        ...(others.length === 0
          ? []
          : [`Recorded too (--inputs, --batch and --device choose): ${sizesOf(others)}`]),
        ...factsOf(runs),
      ];
      return { ...asRecorded(found), ...device, notes };
    },
  };
}

function sizesOf(studies: readonly RecordedStudy[]): string {
  return studies.map(({ workload, inputs, twin, device, runs: { length } }) =>
    `${studyLabel(workload, twin)} at ${formatCount(inputs)} inputs on ${
      device === "cpu" ? "the CPU" : device
    } (${counted(length, "run")})`
  ).join(", ");
}

async function nothingNote(settings: Settings): Promise<string> {
  const { records, inputs, device, batch, data, schema, workloads } = settings;
  const of = [...data, ...(workloads.length === 0 ? [] : ["these workloads"])].join(" or ");
  const size = inputs === null ? "" : ` of ${formatCount(inputs)} inputs`;
  const at = batch.length === 0 ? "" : ` in minibatches of ${batch.join(" or ")}`;
  const on = device === "auto" ? "" : ` on ${device}`;
  const none = `No run${size} of ${of}${at}${on} is recorded in ${records}`;
  if (device !== "auto") {
    const others = await chooseRecorded({ ...settings, device: "auto" });
    if (others.length > 0) return `${none}; on other devices are ${sizesOf(others)}`;
  }
  const flags = data.length === 0
    ? ""
    : ` NAME --data ${data.join(" ")}${schema === null ? "" : ` --schema ${schema}`}`;
  return `${none}; deno task bench record${flags} makes records`;
}

/** Findings whose measured numbers were recorded. */
function asRecorded(found: Findings): Findings {
  const origin = (of: Origin | undefined): Origin =>
    of === undefined || of === "measured" ? "recorded" : of;
  const table = (one: ResultTable): ResultTable => ({
    ...one,
    origin: origin(one.origin),
    columns: one.columns.map((column) =>
      column.origin === undefined ? column : { ...column, origin: origin(column.origin) }
    ),
  });
  const panel = (one: Panel): Panel => ({
    ...one,
    data: one.data.map((datum) => ({ ...datum, origin: origin(datum.origin) })),
  });
  const figure = (one: Figure): Figure => ({ ...one, panels: one.panels.map(panel) });
  return {
    ...found,
    tables: found.tables.map(table),
    figures: (found.figures ?? []).map(figure),
    ...(found.tradeoff === undefined ? {} : { tradeoff: panel(found.tradeoff) }),
    // Of another day, so that nothing is compared with it as if it had just been measured.
    samples: [],
  };
}

/** Where and of what the runs are: machines, revisions, what ran beside them. */
function factsOf(runs: readonly RecordedRun[]): string[] {
  const each = (of: (run: RecordedRun) => string): string => [...new Set(runs.map(of))].join("; ");
  const times = runs.map(({ recording }) => recording.recorded_at.slice(0, 10)).sort();
  const days = times[0] === times.at(-1) ? times[0] : `${times[0]} to ${times.at(-1)}`;
  const alone = runs.every(({ recording }) => recording.beside === ALONE);
  return [
    `Recorded on ${days}: ${
      each(({ machine, environment, conditions: { device } }) =>
        `${device === "cpu" ? "" : `${device}, `}${machine.cpu_model ?? "an unknown processor"}, ${
          machine.threads ?? environment.cpus
        } ${
          (machine.threads ?? environment.cpus) === 1 ? "thread" : "threads"
        }, Deno ${environment.deno}`
      )
    }; revision ${
      each(({ environment: { git_revision, git_dirty } }) =>
        `${git_revision?.slice(0, 12) ?? "unknown"}${git_dirty ? " with local changes" : ""}`
      )
    }`,
    alone
      ? "Nothing else ran on the machine"
      : `Beside them ran: ${
        each(({ recording: { beside } }) => beside ?? "nobody said what")
      }; times of runs that were not alone are left out`,
  ];
}
