/**
 * Counts of twins that were made before, one file each in `.cache/counts`, by a key of everything that decides them.
 *
 * @module
 */

import { makeFolder, Sha256 } from "../core/files.ts";
import { loadAnyTwin } from "../data/twin/open.ts";
import { readAnyTrace, writeCountedTrace } from "./counted_file.ts";
import type { CountOptions } from "./counts.ts";
import type { CountedTrace } from "./work.ts";

/** Grows when the same options count something else. */
const COUNTING_VERSION = 1;

/** Where counts are kept unless told. */
const COUNT_CACHE = ".cache/counts";

/** What decides a count. */
export interface CountKey extends
  Pick<
    CountOptions,
    "twin" | "drop" | "warmup" | "window" | "profileEvery" | "sampled" | "classified"
  > {
  /** Training inputs. */
  readonly inputs: number;
  /** Seed of the twin. */
  readonly seed: number;
  /** Inputs of a minibatch. */
  readonly batch: number;
  /** Hot memory in bytes. */
  readonly hotMemoryBytes: number;
}

/** Counts by key in a folder. */
export class CountCache {
  readonly #folder: string;

  /**
   * Counts in a folder.
   *
   * @param folder Created when the first count is kept.
   */
  constructor(folder: string = COUNT_CACHE) {
    this.#folder = folder;
  }

  /** The count of a key; null if there is none, or if it cannot be read. */
  async find(key: CountKey): Promise<CountedTrace | null> {
    const path = await this.#pathOf(key);
    try {
      const trace = await readAnyTrace(path);
      return "runs" in trace ? trace : null;
    } catch {
      // It is counted again and written anew.
      return null;
    }
  }

  /** Keeps a count. Throws a `UserError` where the folder cannot be written. */
  async keep(key: CountKey, trace: CountedTrace): Promise<void> {
    const path = await this.#pathOf(key);
    await makeFolder(this.#folder);
    await writeCountedTrace(path, trace);
  }

  async #pathOf(key: CountKey): Promise<string> {
    const parameters = await loadAnyTwin(key.twin);
    const names = Object.keys(key).sort() as (keyof CountKey)[];
    const decided = names.map((name) => [name, key[name] ?? null]);
    const text = JSON.stringify([COUNTING_VERSION, parameters, decided]);
    const hash = new Sha256().update(new TextEncoder().encode(text)).hex();
    return `${this.#folder}/${key.twin}-${hash.slice(0, 24)}.json`;
  }
}
