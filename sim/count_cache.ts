/**
 * Counts of twins that were made before, by a key of all that decides them: a file a count in `.cache/counts`.
 *
 * @module
 */

import { Sha256, writeFileWhole } from "../core/files.ts";
import { loadAnyTwin } from "../data/twin/open.ts";
import { parseCountedTrace } from "./counted_file.ts";
import type { CountOptions } from "./counts.ts";
import { TRACE_SCHEMA_VERSION } from "../train/trace/schema.ts";
import type { CountedTrace } from "./work.ts";

/** Grows when the same options count something else. */
const COUNTING_VERSION = 1;

/** Where counts are kept unless told. */
export const COUNT_CACHE = ".cache/counts";

/** What decides a count. */
export interface CountKey extends
  Pick<
    CountOptions,
    "twin" | "drop" | "warmup" | "window" | "profileEvery" | "sampled" | "classified"
  > {
  /** Training inputs. */
  readonly inputs: number;
  readonly seed: number;
  /** Inputs of a minibatch. */
  readonly batch: number;
  readonly hotMemoryBytes: number;
}

/** Counts by key in a folder. */
export class CountCache {
  readonly #folder: string;

  /** @param folder Made once something is kept. */
  constructor(folder: string = COUNT_CACHE) {
    this.#folder = folder;
  }

  /** The count of a key; null where there is none, or none that can be read. */
  async find(key: CountKey): Promise<CountedTrace | null> {
    const path = await this.#pathOf(key);
    try {
      return parseCountedTrace(JSON.parse(await Deno.readTextFile(path)), path);
    } catch {
      // It is counted again and written anew.
      return null;
    }
  }

  /** Keeps a count. Throws a `UserError` where the folder cannot be written. */
  async keep(key: CountKey, { header, runs }: CountedTrace): Promise<void> {
    const path = await this.#pathOf(key);
    await Deno.mkdir(this.#folder, { recursive: true });
    const document = {
      schema: "slipstream.counted-trace",
      schema_version: TRACE_SCHEMA_VERSION,
      header,
      runs,
    };
    await writeFileWhole(path, `${JSON.stringify(document)}\n`);
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
