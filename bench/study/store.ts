/**
 * Results of a study: a file a run, so that an interrupted study goes on where it stopped.
 *
 * @module
 */

import { makeFolder, writeFileWhole } from "../../core/files.ts";
import { UserError } from "../../core/errors.ts";
import type { Placement } from "../../train/model/placement.ts";
import { currentEnvironment, type Environment } from "../../train/run/environment.ts";
import type { Metrics } from "../../train/run/metrics.ts";
import type { PlanDocument } from "../../train/plan/document.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { Stage } from "../../kernels/types.ts";
import type { DeviceNote, Settings } from "../experiment.ts";
import type { Bytes } from "./byte_sums.ts";

/** Grows when a member changes its meaning or goes, or when runs of old and new files must not be compared. */
export const STUDY_SCHEMA_VERSION = 7;

/** Which run. */
export interface StudyKey {
  readonly workload: PresetName;
  /** Inputs that train. */
  readonly inputs: number;
  /** Of data, initialisation and order. */
  readonly seed: number;
  /** In words, as `Variant` has them. */
  readonly variant: string;
  /** Inputs a minibatch. */
  readonly batch: number;
}

/** What else a run's numbers hang on: with others, a stored run is not the one that is asked for. */
export interface StudyConditions {
  /** Of the project; null where it is not known. */
  readonly git_revision: string | null;
  readonly cpu_model: string | null;
  readonly deno: string;
  /** As asked for: `auto` and `cpu` are not told to be the same. */
  readonly device: string;
  readonly threads: number | null;
  readonly wide: boolean;
}

/** What a run came to. */
export interface StudyResult extends StudyKey {
  readonly schema: "slipstream.study";
  readonly schema_version: number;
  readonly conditions: StudyConditions;
  /** Inputs of the training split, which a plan may leave out in part. */
  readonly train_inputs: number;
  readonly placement: Placement;
  readonly optimizer: string;
  readonly learning_rate: number;
  readonly hot_memory_mib: number;
  readonly metrics: Metrics;
  readonly steps: number;
  readonly trained_inputs: number;
  readonly skipped_inputs: number;
  /** Training alone: preparation and evaluation left out. */
  readonly train_ms: number;
  /** Profiling and telling hot inputs from cold ones; 0 without a hot set. */
  readonly preparation_ms: number;
  readonly evaluate_ms: number;
  readonly stages_ms: Readonly<Partial<Record<Stage, number>>>;
  readonly bytes: Bytes;
  readonly plan: PlanDocument;
  readonly device: DeviceNote;
  readonly environment: Environment;
}

/** A folder of results, of which those count that were had under the same conditions. */
export class StudyStore {
  readonly #folder: string;
  readonly conditions: StudyConditions;

  constructor(folder: string, conditions: StudyConditions) {
    this.#folder = folder;
    this.conditions = conditions;
  }

  /**
   * The result of a run; null where there is none, or one of another version or had under other conditions, which the next
   * run replaces.
   */
  async read(key: StudyKey): Promise<StudyResult | null> {
    const path = this.#path(key);
    let text: string;
    try {
      text = await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    let result: StudyResult;
    try {
      result = JSON.parse(text);
    } catch {
      throw new UserError(`Cannot read ${path}: it is not JSON; remove it to run it again`);
    }
    const fits = result.schema === "slipstream.study" &&
      result.schema_version === STUDY_SCHEMA_VERSION &&
      sameConditions(result.conditions, this.conditions);
    return fits ? result : null;
  }

  /** Keeps a result. */
  async write(result: StudyResult): Promise<void> {
    await makeFolder(this.#folder);
    await writeFileWhole(this.#path(result), `${JSON.stringify(result)}\n`);
  }

  /** The folder for checkpoints of a run that has not ended. */
  checkpoints(key: StudyKey): string {
    return this.#path(key).replace(/\.json$/, ".checkpoints");
  }

  #path({ workload, inputs, batch, seed, variant }: StudyKey): string {
    return `${this.#folder}/${workload}-${inputs}-by${batch}-${variant}-seed${seed}.json`;
  }
}

/** Whether two runs were had under the same conditions. */
export function sameConditions(a: StudyConditions, b: StudyConditions): boolean {
  return (Object.keys(b) as (keyof StudyConditions)[]).every((key) => a[key] === b[key]);
}

/** The conditions of runs that are made now. */
export function currentConditions(
  { device, threads, wide }: Pick<Settings, "device" | "threads" | "wide">,
): StudyConditions {
  const { git_revision, cpu_model, deno } = currentEnvironment();
  return { git_revision, cpu_model, deno, device, threads, wide };
}
