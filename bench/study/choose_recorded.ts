/**
 * Which of the recorded studies are shown.
 *
 * @module
 */

import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import type { Settings } from "../experiment.ts";
import type { TWIN_FLAGS } from "./trained.ts";
import { type LogSettings, lookAtLog } from "./logs.ts";
import { readRecords, type RecordedStudy, studiesOf } from "./recorded.ts";
import { rivalOf } from "./rivals.ts";
import { workloadsOf } from "./sizes.ts";
import { LEAST_SEEDS } from "./statistics.ts";
import { drawnOtherwise, twinWords } from "./twin_settings.ts";
import { isLog, type StudyWorkload } from "./workload.ts";

/** What settings choose among records. */
type RecordedSettings =
  & Pick<Settings, "workloads" | "inputs" | "batch" | "seeds" | "firstSeed" | "records" | "device">
  & Partial<Pick<Settings, typeof TWIN_FLAGS[number]>>
  & LogSettings;

/** The recorded study of a workload that is shown. */
export interface ChosenStudy extends RecordedStudy {
  /** Studies of the workload that are as well recorded, and could be asked for. */
  readonly others: readonly RecordedStudy[];
}

/**
 * The recorded study of each workload that is asked for, and of each log: of the size and device that are asked for, or the
 * largest at which `fae` or `baseline` has been stopped early with seeds enough to decide something; without one the largest.
 * Of a size that several devices have computed, the one with the most runs.
 */
export async function chooseRecorded(settings: RecordedSettings): Promise<ChosenStudy[]> {
  const { inputs, batch, seeds, firstSeed, device } = settings;
  const studies = studiesOf(await readRecords(settings.records));
  const drawn = twinWords(drawnOtherwise(settings).twin);
  const all = await workloadsShown(settings, studies);
  return all.flatMap((workload): ChosenStudy[] => {
    const fit = studies.filter((one) =>
      one.workload === workload && twinWords(one.twin) === drawn &&
      (inputs === null || one.inputs === inputs) &&
      (device === "auto" || one.device.startsWith(device)) &&
      (batch.length === 0 || batch.includes(one.batch))
    ).map((one) => ({
      ...one,
      runs: one.runs.filter(({ seed }) => seed >= firstSeed && seed <= (seeds ?? Infinity)),
    })).filter(({ runs }) => runs.length > 0)
      .toSorted((a, b) => b.inputs - a.inputs || b.runs.length - a.runs.length);
    const study = fit.find(hasStoppedEarly) ?? fit[0];
    return study === undefined ? [] : [{ ...study, others: fit.filter((one) => one !== study) }];
  });
}

/** Twins that are asked for and the log that is given; logs stand beside the twins too where neither is chosen. */
async function workloadsShown(
  settings: RecordedSettings,
  studies: readonly RecordedStudy[],
): Promise<readonly StudyWorkload[]> {
  const twins = workloadsOf(settings);
  const log = await lookAtLog(settings);
  if (log !== null) return [...twins, log.workload];
  if (twins.length < WORKLOAD_NAMES.length) return twins;
  const logs = new Set(studies.map(({ workload }) => workload).filter(isLog));
  return [...twins, ...[...logs].sort()];
}

function hasStoppedEarly({ runs }: RecordedStudy): boolean {
  const stopped = runs.filter(({ variant }) => (rivalOf(variant)?.budget ?? 1) < 1);
  return new Set(stopped.map(({ seed }) => seed)).size >= LEAST_SEEDS;
}
