/**
 * Raw text to a prepared data set: how many rows and megabytes a second.
 *
 * @module
 */

import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { checkpoint } from "../../core/events.ts";
import { CriteoParser } from "../../data/criteo_parser.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import type { Cell } from "../../core/table.ts";
import { createInputs, type Dataset, openDataset } from "../../data/mod.ts";
import { RowBlock } from "../../data/row_block.ts";
import { findTextFile, readText } from "../../data/text_source.ts";
import { writeCriteoText } from "../criteo_text.ts";
import type { Experiment, Findings, Settings } from "../experiment.ts";
import { summarise } from "../statistics.ts";

const BYTES = 200e6;
const BATCH = 1024;

/** Parsing, numbering and writing of Criteo text, and reading it back. */
export const prepareExperiment: Experiment = {
  name: "prepare",
  summary: "Prepare a generated file in Criteo's format: rows and megabytes of text a second",
  async run({ rounds, smoke, say, signal }: Settings): Promise<Findings> {
    const folder = await Deno.makeTempDir({ prefix: "slipstream-bench-" });
    try {
      const plain = `${folder}/train.txt`, gzip = `${plain}.gz`;
      say("Writing text to prepare");
      const text = await writeCriteoText(plain, smoke ? 100_000 : BYTES);
      await pipeline(
        createReadStream(plain),
        createGzip({ level: 1 }),
        createWriteStream(gzip),
      );
      const prepare = async (path: string): Promise<Dataset> => {
        await Deno.remove(`${folder}/cache`, { recursive: true }).catch(() => {});
        return await openDataset({ data: [path], cacheDirectory: `${folder}/cache`, signal });
      };
      const again = () => openDataset({ data: [plain], cacheDirectory: `${folder}/cache`, signal });
      const cases: [string, () => Promise<void>][] = [
        ["read and parse alone", () => parseAlone(plain)],
        ["prepare, gzip", async () => (await prepare(gzip)).close()],
        ["prepare, plain", async () => (await prepare(plain)).close()],
        ["open again", async () => (await again()).close()],
        ["open again and load", async () => await load(await again())],
      ];
      const rows: Cell[][] = [];
      for (const [name, run] of cases) {
        say(`Timing: ${name}`);
        const seconds: number[] = [];
        for (let round = 0; round < Math.min(rounds, 5); round++) {
          await checkpoint(signal);
          const begun = performance.now();
          await run();
          seconds.push((performance.now() - begun) / 1000);
        }
        const { median, p90 } = summarise(seconds);
        // Opening touches no text, so it has no rate.
        const rates = name === "open again"
          ? [null, null]
          : [text.rows / median, text.bytes / 1e6 / median];
        rows.push([name, median, p90, ...rates]);
      }
      const fixed = (digits: number) => (value: number): string => value.toFixed(digits);
      return {
        tables: [{
          title: `Criteo text: ${formatCount(text.rows)} rows, ${formatBytes(text.bytes)}`,
          columns: [
            { name: "what" },
            { name: "s, median", format: fixed(3) },
            { name: "s, p90", format: fixed(3) },
            { name: "rows/s", format: formatCount },
            { name: "MB of text/s", format: fixed(0) },
          ],
          rows,
        }],
        notes: [
          "One thread parses, numbers, hashes and writes; reading ahead and unpacking gzip may use another core",
          "Preparing includes SHA-256 of the text, checksums of the blocks and the final flush to the disk",
        ],
      };
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

async function parseAlone(path: string): Promise<void> {
  const parser = new CriteoParser((bad) => {
    throw new Error(bad.reason);
  });
  const block = new RowBlock(13, 26);
  for await (const piece of readText(await findTextFile(path))) {
    parser.feed(piece);
    while (parser.parse(block)) block.rows = 0;
  }
}

/** Loads the train split and reads one shuffled minibatch. */
async function load(dataset: Dataset): Promise<void> {
  try {
    const reader = dataset.reader("train", { kind: "shuffled", seed: 1, epoch: 0 });
    await reader.read(0, Math.min(BATCH, reader.count), createInputs(dataset.schema, BATCH));
  } finally {
    dataset.close();
  }
}
