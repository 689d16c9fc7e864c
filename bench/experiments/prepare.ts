/**
 * Raw text to a prepared data set: how many rows and megabytes a second.
 *
 * @module
 */

import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { checkpoint } from "../../core/events.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import { summarise, type Summary } from "../../core/statistics.ts";
import { AvazuParser } from "../../data/avazu_parser.ts";
import { CriteoParser } from "../../data/criteo_parser.ts";
import { createInputs, type Dataset, openDataset } from "../../data/mod.ts";
import { RowBlock } from "../../data/row_block.ts";
import type { BadRow, RowParser } from "../../data/row_parser.ts";
import { EVENT_COLUMNS, TaobaoParser } from "../../data/taobao_parser.ts";
import { findTextFile, readText } from "../../data/text_source.ts";
import { countColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { writeCriteoText } from "../criteo_text.ts";
import { defineExperiment, type Findings, type ResultTable, type Sample } from "../experiment.ts";
import { timeSample } from "../samples.ts";
import { writeAvazuText, writeTaobaoText, type Written } from "../log_text.ts";

const BYTES = 200e6;
const BATCH = 1024;

/** The case that reads no text. */
const OPENING = "open again";

type Case = readonly [name: string, run: () => Promise<void>];
/** A case and how long it took, by round. */
interface Timed {
  readonly name: string;
  readonly seconds: Summary;
}

type OnBad = (bad: BadRow) => void;

/** A format and what to time of it. */
interface Format {
  readonly name: string;
  write(path: string, bytes: number): Promise<Written>;
  createParser(onBad: OnBad): RowParser;
  /** Dense columns and tables of the parser's blocks. */
  readonly columns: readonly [number, number];
}

const FORMATS: readonly Format[] = [
  {
    name: "Criteo",
    write: writeCriteoText,
    createParser: (onBad) => new CriteoParser(onBad),
    columns: [13, 26],
  },
  {
    name: "Avazu",
    write: writeAvazuText,
    createParser: (onBad) => new AvazuParser(onBad),
    columns: [1, 21],
  },
  {
    name: "Taobao, grouped by user",
    write: (path, bytes) => writeTaobaoText(path, bytes, true),
    createParser: (onBad) => new TaobaoParser(onBad),
    columns: [0, EVENT_COLUMNS],
  },
  {
    name: "Taobao, not grouped",
    write: (path, bytes) => writeTaobaoText(path, bytes, false),
    createParser: (onBad) => new TaobaoParser(onBad),
    columns: [0, EVENT_COLUMNS],
  },
];

/** Parsing, numbering and writing of text, and reading it back. */
export const prepareExperiment = defineExperiment({
  name: "prepare",
  summary:
    "Prepare generated files in the formats of Criteo, Avazu and Taobao: rows and megabytes of text a second",
  title: "Preparing click logs",
  suite: "full",
  flags: ["rounds"],
  async run({ rounds, smoke, say, signal }): Promise<Findings> {
    const tables: ResultTable[] = [];
    const samples: Sample[] = [];
    for (const format of FORMATS) {
      const folder = await Deno.makeTempDir({ prefix: "slipstream-bench-" });
      try {
        const plain = `${folder}/log`;
        say(`Writing text to prepare: ${format.name}`);
        const text = await format.write(plain, smoke ? 100_000 : BYTES);
        const timed: Timed[] = [];
        for (const [name, run] of await casesOf(format, folder, plain, signal)) {
          say(`Timing: ${name}`);
          const seconds: number[] = [];
          for (let round = 0; round < Math.min(rounds, 5); round++) {
            await checkpoint(signal);
            const begun = performance.now();
            await run();
            seconds.push((performance.now() - begun) / 1000);
          }
          samples.push(timeSample(`${format.name}/${name}`, "s", seconds));
          timed.push({ name, seconds: summarise(seconds) });
        }
        tables.push(timesTable(format.name, text, timed));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    }
    return {
      tables,
      samples,
      // Nothing here computes on a device.
      device: null,
      notes: [
        "One thread parses, numbers, hashes and writes; reading ahead and unpacking gzip may use another core",
        "Preparing includes SHA-256 of the text, checksums of the blocks and the final flush to the disk; of Taobao it " +
        "includes making the sequences",
      ],
    };
  },
});

function timesTable(format: string, text: Written, timed: readonly Timed[]): ResultTable {
  const title = `${format}: ${formatCount(text.rows)} rows, ${formatBytes(text.bytes)}`;
  // Opening touches no text, so it has no rate.
  const rate = ({ name, seconds }: Timed, amount: number): number | null =>
    name === OPENING ? null : amount / seconds.median;
  return tableOf({ title }, timed, [
    plainColumn("what", ({ name }) => name),
    numberColumn("s, median", 3, ({ seconds }) => seconds.median),
    numberColumn("s, p90", 3, ({ seconds }) => seconds.p90),
    countColumn("rows/s", (one) => rate(one, text.rows)),
    numberColumn("MB of text/s", 0, (one) => rate(one, text.bytes / 1e6)),
  ]);
}

async function casesOf(
  format: Format,
  folder: string,
  plain: string,
  signal: AbortSignal,
): Promise<Case[]> {
  const cacheDirectory = `${folder}/cache`;
  const again = () => openDataset({ data: [plain], cacheDirectory, signal });
  const prepare = async (path: string): Promise<void> => {
    await Deno.remove(cacheDirectory, { recursive: true }).catch(() => {});
    (await openDataset({ data: [path], cacheDirectory, signal })).close();
  };
  const cases: Case[] = [["read and parse alone", () => parseAlone(plain, format)]];
  if (format.name === "Criteo") {
    const gzip = `${plain}.gz`;
    await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(gzip));
    cases.push(["prepare, gzip", () => prepare(gzip)]);
  }
  cases.push(
    ["prepare, plain", () => prepare(plain)],
    [OPENING, async () => (await again()).close()],
    ["open again and load", async () => await load(await again())],
  );
  return cases;
}

async function parseAlone(path: string, { createParser, columns }: Format): Promise<void> {
  const parser = createParser((bad) => {
    throw new Error(bad.reason);
  });
  const block = new RowBlock(...columns);
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
