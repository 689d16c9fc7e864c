/**
 * What a study trains on: the twin of a data set, or a log of the user's own.
 *
 * @module
 */

import {
  type DlrmPreset,
  type PresetName,
  PRESETS,
  type TbsmPreset,
} from "../../train/model/presets.ts";
import { workloadLabel } from "../paper_machine.ts";
import { type TwinSettings, twinWords } from "./twin_settings.ts";

/** A log: its file's name, and the beginning of the hash of its inputs. */
export type LogName = `log-${string}`;

/** A workload with a twin, or a log. */
export type StudyWorkload = PresetName | LogName;

/** What a log is called: its file's name, in the letters of names of figures and files, and 8 digits of its hash. */
const LOG_NAME = /^log-[a-z0-9-]+-[0-9a-f]{8}$/;

/** Whether a workload is a log. */
export function isLog(workload: StudyWorkload): workload is LogName {
  return workload.startsWith("log-");
}

/** Whether something is the name of a log. */
export function isLogName(name: unknown): name is LogName {
  return typeof name === "string" && LOG_NAME.test(name);
}

/** A file's name in the letters of names of figures and files: `my-clicks-2` of `data/My Clicks_2.csv`. */
export function fileWord(path: string): string {
  return path.split(/[\\/]/).at(-1)!.toLowerCase().replace(/(.)\.\w+$/, "$1")
    .replace(/[^a-z0-9]+/g, "-");
}

/** The name of a log whose first file is at a path. */
export function logName(path: string, hash: string): LogName {
  const name = `log-${fileWord(path)}-${hash.replace(/[^0-9a-f]/g, "").slice(-8).padStart(8, "0")}`;
  return name as LogName;
}

/** For tables: `RM2`, `RM4,drift=10` of a twin drawn otherwise, or a log's file. */
export function studyLabel(workload: StudyWorkload, twin?: TwinSettings): string {
  const label = isLog(workload) ? `log ${workload.slice(4, -9)}` : workloadLabel(workload);
  return `${label}${twinWords(twin)}`;
}

/** `a twin` or `a log`. */
export function kindOf(workload: StudyWorkload): string {
  return isLog(workload) ? "a log" : "a twin";
}

/** The model that a workload trains, whose tables are those of its data: RM2's for a log. */
export function presetOf(workload: StudyWorkload): DlrmPreset | TbsmPreset {
  return PRESETS[isLog(workload) ? "rm2" : workload];
}
