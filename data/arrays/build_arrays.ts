/**
 * Makes a cache of logs that other projects have prepared: arrays of labels, dense values and ids, which are not changed.
 *
 * One pass; memory is a block of inputs and a few thousand rows of each array. Members of archives that are deflated are
 * unpacked beside the cache while they are read.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import { BlockWriter } from "../block_writer.ts";
import {
  CACHE_VERSION,
  datasetHash,
  type Manifest,
  type PreparationOptions,
  ROWS_FILE,
  type SourceRecord,
  writeManifest,
} from "../manifest.ts";
import { BLOCK_ROWS, RowBlock } from "../row_block.ts";
import type { PreparationHooks } from "../source_scan.ts";
import { splitLastFile, splitNone, type Splits, splitSevenths } from "../split.ts";
import { writeKeys } from "../table_keys.ts";
import { hashText, type TextFile } from "../text_source.ts";
import type { TableSchema } from "../types.ts";
import { ArrayRows, type ArrayRules, type BadArrayRow } from "./array_rows.ts";
import type { ArrayFormatName } from "./formats.ts";
import {
  type ArrayLog,
  ArrayOpener,
  type ArrayPart,
  findArrayLog,
  type OpenPart,
  readCounts,
} from "./parts.ts";

/** Rows of each array that are in memory at a time. */
const CHUNK = 4096;
/** Bad rows that are quoted with their reasons. */
const QUOTED = 5;

/** Fills an empty folder with the blocks and the manifest of some files. */
export async function buildArrays(
  folder: string,
  files: readonly TextFile[],
  options: PreparationOptions & { readonly format: ArrayFormatName },
  hooks: PreparationHooks,
): Promise<Manifest> {
  const log = await findArrayLog(files);
  if (log?.format !== options.format) {
    throw new UserError(
      `Cannot read ${files[0]!.path}: it is no file of the format ${options.format}`,
    );
  }
  const build = new Build(folder, log, options, hooks);
  return await build.run();
}

class Build {
  readonly #folder: string;
  readonly #log: ArrayLog;
  readonly #options: PreparationOptions & { readonly format: ArrayFormatName };
  readonly #hooks: PreparationHooks;
  readonly #totalBytes: number;
  readonly #quoted: string[] = [];
  #bytes = 0;
  #skipped = 0;
  #rows = 0;
  #cut = false;

  constructor(
    folder: string,
    log: ArrayLog,
    options: PreparationOptions & { readonly format: ArrayFormatName },
    hooks: PreparationHooks,
  ) {
    this.#folder = folder;
    this.#log = log;
    this.#options = options;
    this.#hooks = hooks;
    this.#totalBytes = log.files.reduce((sum, file) => sum + file.bytes, 0);
  }

  async run(): Promise<Manifest> {
    const { parts, files } = this.#log;
    const partRows: number[] = [], used = new Map<TextFile, { rows: number; bytes: number }>();
    let shared: Shared | null = null, writer: BlockWriter | null = null;
    const counts = await this.#sharedCounts();
    try {
      for (const part of parts) {
        await using opener = new ArrayOpener(this.#folder, this.#hooks.signal);
        const open = await part.open(opener);
        if (shared === null) {
          shared = this.#share(open, counts);
          const { dense, width } = shared;
          writer = await BlockWriter.create(`${this.#folder}/${ROWS_FILE}`, dense, width);
        } else checkSame(part, open, shared.rules);
        partRows.push(await this.#read(part, open, shared, writer!, used));
      }
      if (shared === null || this.#rows === 0) throw this.#nothing();
      if (shared.block.rows > 0) await writer!.write(shared.block);
      await writer!.sync();
      return await this.#finish(shared, writer!, partRows, await this.#sources(files, used));
    } finally {
      writer?.[Symbol.dispose]();
    }
  }

  async #sharedCounts(): Promise<Float64Array | null> {
    const { counts } = this.#log;
    if (counts === null) return null;
    await using opener = new ArrayOpener(this.#folder, this.#hooks.signal);
    return await readCounts(counts, opener);
  }

  #share(part: OpenPart, given: Float64Array | null): Shared {
    const { maxIndexRange, format } = this.#options;
    const lookups = lookupsOf(part);
    const rules: ArrayRules = {
      logarithm: format !== "torchrec-npy",
      maxIndexRange,
      dense: Array.from({ length: part.dense.count }, (_, j) => `I${j + 1}`),
      tables: lookups.map((_, t) => `C${t + 1}`),
      lookups,
    };
    const counts = part.counts ?? given;
    if (counts !== null && counts.length !== lookups.length) {
      throw new UserError(
        `Cannot read ${
          this.#log.files[0]!.path
        }: it has ids of ${lookups.length} tables and counts of ${counts.length}`,
      );
    }
    const limits = counts === null || maxIndexRange === 0
      ? counts
      : counts.map((count) => Math.min(count, maxIndexRange));
    const width = lookups.reduce((sum, some) => sum + some, 0);
    return {
      rules,
      counts: limits,
      rows: new ArrayRows(rules, limits),
      block: new RowBlock(part.dense.count, width),
      dense: part.dense.count,
      width,
    };
  }

  /** Reads a part; returns how many of its rows were taken. */
  async #read(
    part: ArrayPart,
    open: OpenPart,
    { rows, block }: Shared,
    writer: BlockWriter,
    used: Map<TextFile, { rows: number; bytes: number }>,
  ): Promise<number> {
    const { signal } = this.#hooks, limit = this.#options.limit ?? Infinity;
    const before = this.#rows, bytes = part.files.reduce((sum, file) => sum + file.bytes, 0);
    let at = 0;
    while (at < open.rows && this.#rows < limit) {
      signal?.throwIfAborted();
      const count = Math.min(open.rows - at, CHUNK, BLOCK_ROWS - block.rows, limit - this.#rows);
      const had = block.rows;
      await rows.append(open, at, at + count, block, (bad) => this.#onBad(bad));
      this.#rows += block.rows - had;
      at += count;
      if (block.rows === BLOCK_ROWS) {
        await writer.write(block);
        block.rows = 0;
      }
      this.#report(this.#bytes + bytes * at / open.rows);
    }
    rows.release();
    this.#bytes += bytes;
    this.#cut ||= at < open.rows;
    const taken = this.#rows - before;
    const arrays = [open.labels, open.dense, ...open.ids].map(({ array }) => array);
    for (const file of part.files) {
      const own = arrays.filter(({ path }) => path === file.path);
      // What is unpacked or lies in an archive counts as a whole.
      const bytes = own.length === 1 && own[0]!.name === file.path
        ? own[0]!.usedBytes(at)
        : file.bytes;
      used.set(file, { rows: taken, bytes: at < open.rows ? bytes : file.bytes });
    }
    return taken;
  }

  #onBad({ row, array, reason, hashed }: BadArrayRow): void {
    const text = `row ${row} of ${array}: ${reason}`;
    if (this.#options.badRows === "error") {
      throw new UserError((option) =>
        `Cannot read ${text}${
          hashed ? `; take ids modulo a number of rows by ${option("data.maxIndexRange")}` : ""
        }`
      );
    }
    this.#skipped++;
    if (this.#quoted.length < QUOTED) this.#quoted.push(text);
  }

  #nothing(): UserError {
    const { path } = this.#log.files[0]!;
    return new UserError(
      `Cannot prepare ${path}: ${
        this.#skipped > 0 ? `all of its rows are bad, first ${this.#quoted[0]}` : "it has no rows"
      }`,
    );
  }

  async #sources(
    files: readonly TextFile[],
    used: ReadonlyMap<TextFile, { rows: number; bytes: number }>,
  ): Promise<SourceRecord[]> {
    const sources: SourceRecord[] = [];
    for (const file of files) {
      const isCounts = file === this.#log.counts;
      const { rows, bytes } = used.get(file) ?? { rows: 0, bytes: isCounts ? file.bytes : 0 };
      const hash = await hashText(file, bytes, this.#hooks.signal);
      if (hash === null) {
        throw new UserError(`Cannot read ${file.path}: it became shorter while it was read`);
      }
      sources.push({
        name: file.name,
        path: file.absolutePath,
        bytes: file.bytes,
        modified: file.modified,
        container: file.container,
        textBytes: bytes,
        textSha256: hash,
        rows,
      });
    }
    return sources;
  }

  async #finish(
    { rules, rows, counts }: Shared,
    writer: BlockWriter,
    partRows: readonly number[],
    sources: readonly SourceRecord[],
  ): Promise<Manifest> {
    const options = this.#options, skipped = { count: this.#skipped, first: this.#quoted };
    const { splits, how } = this.#split(partRows);
    const tables = rules.tables.map((name, t): TableSchema => {
      const lookups = rules.lookups[t]!;
      return {
        name,
        rows: counts?.[t] ?? rows.largest[t]! + 1,
        ...(lookups === 1 ? {} : { lookups }),
      };
    });
    const all = tables.reduce((sum, table) => sum + table.rows, 0);
    if (all >= 2 ** 32) {
      throw new UserError((option) =>
        `Cannot prepare ${this.#log.files[0]!.path}: its ids need ${
          formatCount(all)
        } rows, and all tables together have fewer than 2^32; take ids modulo a number of rows by ${
          option("data.maxIndexRange")
        }`
      );
    }
    const notes = [
      `${how}: ${formatCount(splits.train.count)} train, ${formatCount(splits.test.count)} test, ` +
      `${formatCount(splits.validation.count)} validation`,
      `Ids are used as they are; tables have a row for each id ${
        counts === null ? "up to the largest" : "that the files count"
      }. Dense values are ${rules.logarithm ? "ln(x + 1) of the files'" : "the files'"}`,
    ];
    if (this.#cut && options.limit !== null) {
      notes.push(
        `The limit of ${formatCount(options.limit)} inputs came before the end of the files`,
      );
    }
    const { maxIndexRange } = options;
    const meaning = maxIndexRange > 0 ? `rows modulo ${maxIndexRange}` : "rows";
    const keys = await writeKeys(
      this.#folder,
      rules.tables.map((name) => ({ name, meaning, reserved: [], ids: null })),
    );
    return await writeManifest(this.#folder, {
      version: CACHE_VERSION,
      options,
      sources,
      rows: this.#rows,
      blockRows: BLOCK_ROWS,
      dense: rules.dense,
      tables,
      splits,
      notes,
      skipped,
      blocks: writer.blocks,
      keys,
      labelled: true,
      hash: datasetHash({ options, sources, rows: this.#rows, splits, tables }),
    });
  }

  #split(partRows: readonly number[]): { splits: Splits; how: string } {
    const { parts, format } = this.#log;
    if (this.#options.whole) return { splits: splitNone(this.#rows), how: "Not split" };
    const sum = (split: string) =>
      parts.reduce((rows, part, i) => part.split === split ? rows + (partRows[i] ?? 0) : rows, 0);
    if (!this.#cut && parts.length > 1 && parts.every(({ split }) => split !== null)) {
      const [train, test, validation] = [sum("train"), sum("test"), sum("validation")];
      if (train === 0 || test + validation === 0) {
        throw new UserError(
          `Cannot split by the files' names: they give ${train} inputs to train and ${
            test + validation
          } to test with`,
        );
      }
      return {
        splits: {
          train: { start: 0, count: train },
          test: { start: train, count: test },
          validation: { start: train + test, count: validation },
        },
        how: "Split by the files' names",
      };
    }
    if (!this.#cut && parts.length > 1) {
      const splits = splitLastFile(partRows);
      const how = `${parts.at(-1)!.name} is held out`;
      if (format !== "torchrec-npy") return { splits, how };
      // torchrec validates with the first half of the last day and tests with the second.
      const { train, test, validation } = splits;
      const first = { start: train.count, count: test.count };
      return {
        splits: { train, validation: first, test: { ...validation } },
        how: `${how}, its first half to validate`,
      };
    }
    return { splits: splitSevenths(this.#rows), how: "Split in sevenths" };
  }

  #report(bytes: number): void {
    this.#hooks.onProgress?.({
      stage: "preparing",
      bytes,
      totalBytes: this.#totalBytes,
      rows: this.#rows,
    });
  }
}

/** What all parts have in common. */
interface Shared {
  readonly rules: ArrayRules;
  readonly counts: Float64Array | null;
  readonly rows: ArrayRows;
  readonly block: RowBlock;
  readonly dense: number;
  readonly width: number;
}

/** Lookups of a bag in each table: columns of a table's own array, or one a table in the array of all. */
function lookupsOf({ ids }: OpenPart): number[] {
  return ids.length === 1
    ? Array.from({ length: ids[0]!.count }, () => 1)
    : ids.map(({ count }) => count);
}

function checkSame(part: ArrayPart, open: OpenPart, rules: ArrayRules): void {
  const lookups = lookupsOf(open);
  if (open.dense.count === rules.dense.length && lookups.join() === rules.lookups.join()) return;
  throw new UserError(
    `Cannot read ${part.name} with the files before it: it has ${open.dense.count} dense columns and ` +
      `${lookups.join(", ")} lookups in its tables where they have ${rules.dense.length} and ${
        rules.lookups.join(", ")
      }`,
  );
}
