/**
 * Checkpoints of a training run of a study, so that one of an hour that is interrupted goes on where it was.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { fileError } from "../../core/files.ts";
import { CheckpointStore } from "../../train/checkpoint/store.ts";
import type { Model } from "../../train/model/model.ts";
import type { Json } from "../../train/run/result.ts";
import { restoreRun, saveRun } from "../../train/checkpoint/run_tensors.ts";
import type { TrainState } from "../../train/run/state.ts";
import type { CheckpointPolicy } from "../../train/run/trainer.ts";
import {
  sameConditions,
  sameMachine,
  STUDY_SCHEMA_VERSION,
  type StudyConditions,
  type StudyMachine,
  type StudyPlace,
  type Wanted,
} from "./store.ts";

/** What a checkpoint says besides its tensors. */
interface StudyCheckpoint {
  readonly kind: "slipstream.study-run";
  readonly version: number;
  readonly dataset_hash: string;
  readonly conditions: StudyConditions;
  /** Absent in checkpoints of older revisions. */
  readonly machine?: StudyMachine;
  readonly state: Json;
}

/** What is known of a run that several machines have trained. */
const SEVERAL: StudyMachine = { cpu_model: "several machines", threads: null };

/** A folder for the checkpoints of one run. */
export class RunCheckpoint {
  readonly #folder: string;
  readonly #hash: string;
  readonly #place: StudyPlace;
  readonly #wanted: Wanted;
  #machine: StudyMachine;

  /**
   * @param hash Of the data set that the run trains on.
   * @param wanted Where times are asked for, a run does not go on from what another machine trained.
   */
  constructor(folder: string, hash: string, place: StudyPlace, wanted: Wanted) {
    this.#folder = folder;
    this.#hash = hash;
    this.#place = place;
    this.#wanted = wanted;
    this.#machine = place.machine;
  }

  /** Where the run has been trained so far; unknown of one that several machines have trained, whose times mean nothing. */
  get machine(): StudyMachine {
    return this.#machine;
  }

  /** Takes over where a run began that goes on from another's state. */
  followOn({ machine }: RunCheckpoint): void {
    if (!sameMachine(machine, this.#machine)) this.#machine = SEVERAL;
  }

  /**
   * The state that the run goes on from, the model put back; null where there is none that can be used, the model then as
   * it begins.
   *
   * @param say Is told why a checkpoint that is there is not gone on from, which loses time and no result.
   */
  async restore(
    model: Model,
    seed: number,
    say: (line: string) => void,
  ): Promise<TrainState | null> {
    await model.initialise(seed);
    if (!await this.isThere()) return null;
    try {
      const store = await this.#open(false);
      using loaded = await store.latest();
      const document = loaded?.document as unknown as Partial<StudyCheckpoint> | undefined;
      const fits = document?.kind === "slipstream.study-run" &&
        document.version === STUDY_SCHEMA_VERSION && document.dataset_hash === this.#hash &&
        this.#isOfPlace(document);
      if (fits) {
        const { machine = SEVERAL, state } = document;
        const restored = await restoreRun(model, loaded!.tensors, state!);
        if (!sameMachine(machine, this.#machine)) this.#machine = SEVERAL;
        return restored;
      }
      say(
        loaded === null
          ? `no checkpoint in ${this.#folder} is whole`
          : `the checkpoint in ${this.#folder} is of other inputs, of another machine or of other conditions`,
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      say(error.message);
      // Some of it may have been put back before it failed.
      await model.initialise(seed);
    }
    return null;
  }

  /** Whether something has been kept. */
  async isThere(): Promise<boolean> {
    return await isFolder(this.#folder);
  }

  /** Keeps the state every ten minutes, and when the run is interrupted. */
  policy(model: Model): CheckpointPolicy {
    return {
      every: 0,
      atEnd: false,
      save: async (state) => {
        const document: StudyCheckpoint = {
          kind: "slipstream.study-run",
          version: STUDY_SCHEMA_VERSION,
          dataset_hash: this.#hash,
          conditions: this.#place.conditions,
          machine: this.#machine,
          state: state.document,
        };
        await saveRun(await this.#open(true), document, model, state);
      },
    };
  }

  /** Removes all checkpoints: the run has ended. */
  async remove(): Promise<void> {
    await removeCheckpoints(this.#folder);
  }

  #isOfPlace({ conditions, machine }: Partial<StudyCheckpoint>): boolean {
    if (!sameConditions(conditions!, this.#place.conditions)) return false;
    return this.#wanted === "accuracy" ||
      machine !== undefined && sameMachine(machine, this.#place.machine);
  }

  async #open(create: boolean): Promise<CheckpointStore> {
    return await CheckpointStore.open(this.#folder, {
      create,
      choose: (name) => `the folder after removing those newer than ${name}`,
    });
  }
}

/** Removes a folder of checkpoints, if it is there. */
export async function removeCheckpoints(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw fileError("remove", folder, error);
  });
}

/** Whether there is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}
