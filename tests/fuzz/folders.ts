/** Folders that the project fills for itself: caches, suites, results and runs of a study, one of their files changed. */

import assert from "node:assert/strict";
import { readResults } from "../../bench/results.ts";
import { currentPlace, StudyStore } from "../../bench/study/store.ts";
import { trainedFolder, trainedResults } from "../../bench/study/trained.ts";
import {
  readSuite,
  SUITE_SCHEMA_VERSION,
  type SuiteState,
  writeSuite,
} from "../../bench/suite/state.ts";
import { formatSealed, isSealed } from "../../core/json_file.ts";
import { createInputs } from "../../data/inputs.ts";
import { openDataset } from "../../data/open.ts";
import type { Dataset, Inputs } from "../../data/types.ts";
import { madeUpDocuments } from "../bench/made_up_results.ts";
import { settingsIn } from "../bench/made_up.ts";
import { rows } from "../data/rows.ts";
import { changed } from "./documents.ts";
import { mutateBytes } from "./draw.ts";
import { scratchFolder } from "./scratch.ts";
import { type Subject, type Verdict, verdictOf } from "./subject.ts";

const folder = await scratchFolder();
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A log of 90 rows, prepared. */
await Deno.writeTextFile(`${folder}/log`, rows(90));
const CACHE = `${folder}/cache`;

async function openLog(): Promise<Dataset> {
  return await openDataset({ data: [`${folder}/log`], cacheDirectory: CACHE });
}

/** Everything that a data set says. */
async function contentOf(dataset: Dataset): Promise<unknown> {
  const splits: Inputs[] = [];
  for (const split of ["train", "test", "validation"] as const) {
    const reader = dataset.reader(split, { kind: "sequential" });
    const into = createInputs(dataset.schema, reader.count);
    await reader.read(0, reader.count, into);
    splits.push(into);
  }
  return [dataset.schema, dataset.hash, splits, await dataset.keys!()];
}

const EXPECTED = await (async () => {
  using dataset = await openLog();
  return await contentOf(dataset);
})();
const [{ name: cacheName }] = [...Deno.readDirSync(CACHE)].filter(({ isDirectory }) =>
  isDirectory
) as [
  Deno.DirEntry,
];
const CACHE_FILES = ["manifest.json", "rows.bin", "keys.bin"];
const WHOLE = CACHE_FILES.map((name) => Deno.readFileSync(`${CACHE}/${cacheName}/${name}`));

/** Which file, and its bytes. */
const caches: Subject = {
  name: "cache",
  make: (draw) => {
    const which = draw.below(CACHE_FILES.length);
    return new Uint8Array([which, ...mutateBytes(WHOLE[which]!, draw)]);
  },
  check: async (input) => {
    const which = input[0]!;
    for (const [i, name] of CACHE_FILES.entries()) {
      const bytes = i === which ? input.subarray(1) : WHOLE[i]!;
      await Deno.writeFile(`${CACHE}/${cacheName}/${name}`, bytes);
    }
    // A manifest or rows that are not whole are prepared again, which comes to the same.
    return await verdictOf(async () => {
      using dataset = await openLog();
      assert.deepEqual(await contentOf(dataset), EXPECTED);
    });
  },
};

const STATE: SuiteState = {
  schema: "slipstream.suite",
  schema_version: SUITE_SCHEMA_VERSION,
  results_version: 3,
  bits_version: 1,
  status: "interrupted",
  command: "deno task bench --smoke",
  settings: { device: "cpu", wide: false },
  project_version: "0.1.0",
  git_revision: null,
  git_dirty: null,
  experiments: ["memory", "speedup"],
  done: [{ name: "memory", seconds: 1.5, failure: null }],
  expected_seconds: { speedup: 3 },
  started_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:01.000Z",
};
await Deno.mkdir(`${folder}/suite`);
await writeSuite(`${folder}/suite`, STATE);

const suites: Subject = {
  name: "suite",
  make: (draw) => changed(STATE, draw),
  check: async (input) => {
    await Deno.writeFile(`${folder}/suite/suite.json`, input);
    const found = await readSuite(`${folder}/suite`);
    assert.notEqual(found, "none");
    if (typeof found === "object" && "unreadable" in found) {
      assert.match(found.unreadable, /^Cannot read suite.json: [^\r\n]+$/);
      return "refused";
    }
    assert.ok(isSealed(textOf(input)));
    return "accepted";
  },
};

const [DOCUMENT, OTHER] = madeUpDocuments() as [object, object];
await Deno.mkdir(`${folder}/results`);
await Deno.writeTextFile(`${folder}/results/other.json`, formatSealed(OTHER));

const resultsFolders: Subject = {
  name: "results-folder",
  make: (draw) => changed(DOCUMENT, draw),
  check: async (input): Promise<Verdict> => {
    await Deno.writeFile(`${folder}/results/changed.json`, input);
    const { documents, refused } = await readResults(`${folder}/results`);
    // What is wrong with one costs none of the others.
    assert.equal(documents.length + refused.length, 2);
    assert.ok(documents.length >= 1);
    for (const sentence of refused) assert.match(sentence, /^Cannot read [^\r\n]+$/);
    if (refused.length > 0) return "refused";
    assert.ok(isSealed(textOf(input)));
    return "accepted";
  },
};

const KEY = { workload: "rm4", inputs: 4000, batch: 64, seed: 1, variant: "baseline" } as const;
const SETTINGS = settingsIn(`${folder}/study`, { smoke: true, workloads: ["rm4"] });
await trainedResults("rm4", { inputs: 4000, seeds: 1, batch: 64 }, ["baseline"], SETTINGS);
const STORE = new StudyStore(trainedFolder(`${folder}/study`), await currentPlace(SETTINGS));
const RUN = (await STORE.read(KEY))!;
const RUN_FILE = `${trainedFolder(`${folder}/study`)}/rm4-4000-by64-baseline-seed1.json`;

const studyRuns: Subject = {
  name: "study-run",
  make: (draw) => changed(RUN, draw),
  check: async (input) => {
    await Deno.writeFile(RUN_FILE, input);
    let found: unknown = null;
    const verdict = await verdictOf(async () => found = await STORE.read(KEY));
    // One of another version is trained again.
    if (verdict === "refused" || found === null) return "refused";
    assert.ok(isSealed(textOf(input)));
    return "accepted";
  },
};

/** Folders by what reads them. */
export const FOLDERS: readonly Subject[] = [caches, suites, resultsFolders, studyRuns];
