/**
 * Walks the raw files of a preparation: reads, parses into one block, hashes what was used, counts what was left out.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { Sha256 } from "../core/files.ts";
import type { PreparationOptions, SkippedRows, SourceRecord } from "./manifest.ts";
import { BLOCK_ROWS, type RowBlock } from "./row_block.ts";
import type { ColumnRows } from "./columnar/column_rows.ts";
import type { RowFormat } from "./row_formats.ts";
import type { BadRow, RowParser } from "./row_parser.ts";
import { hashText, isColumnar, readText, type TextFile } from "./text_source.ts";

/** How far a preparation has come. */
export interface PreparationProgress {
  /** What the preparation is doing; `waiting` means that another process prepares the same data. */
  readonly stage: "waiting" | "checking" | "preparing";
  /** Bytes of the raw files read so far, as they lie on the disk. */
  readonly bytes: number;
  /** Bytes of all raw files. */
  readonly totalBytes: number;
  /** Rows read so far. */
  readonly rows: number;
}

/** Callbacks of a preparation, and how to stop it. */
export interface PreparationHooks {
  readonly onProgress?: ((progress: PreparationProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hash the sources even if size and time say that they are unchanged. */
  readonly verify?: boolean | undefined;
}

/** Bad rows that are quoted with their reasons. */
const QUOTED = 5;

/** Share of the rows that may be bad where bad ones are skipped: beyond it the format is likely to be another. */
const MOST_BAD = 0.1;
/** Rows before anything is said of their share. */
const ENOUGH_ROWS = 100_000;

/** One walk over all files. */
export class SourceScan {
  /** Rows put into blocks. */
  rows = 0;
  /** True once the limit has come before the end of the files. */
  cut = false;
  /** Last lines that ended with their file and were no rows, where those are forgiven. */
  readonly cutLines: string[] = [];
  readonly #files: readonly TextFile[];
  readonly #options: PreparationOptions;
  readonly #hooks: PreparationHooks;
  readonly #forgiveCutLine: boolean;
  readonly #sources: SourceRecord[] = [];
  readonly #quoted: string[] = [];
  #skipped = 0;
  #bytesBefore = 0;
  readonly #totalBytes: number;

  /** @param forgiveCutLine A bad last line without a line end is left out and noted, not an error. */
  constructor(
    files: readonly TextFile[],
    options: PreparationOptions,
    hooks: PreparationHooks,
    forgiveCutLine = false,
  ) {
    this.#files = files;
    this.#options = options;
    this.#hooks = hooks;
    this.#forgiveCutLine = forgiveCutLine;
    this.#totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  }

  /** The files walked, in order. */
  get sources(): readonly SourceRecord[] {
    return this.#sources;
  }

  /** Rows left out. */
  get skipped(): SkippedRows {
    return { count: this.#skipped, first: this.#quoted };
  }

  /**
   * Parses all files.
   *
   * @param onBlock Takes the block when it is full, and at the end; afterwards it is empty.
   * @throws UserError for a file that is empty or unreadable, for a bad row unless those are skipped, if more than a tenth of
   * the rows are skipped, and if there are no rows at all.
   */
  async run(
    format: Pick<RowFormat, "createParser" | "openColumns">,
    block: RowBlock,
    onBlock: () => Promise<void>,
  ): Promise<void> {
    const limit = this.#options.limit ?? Infinity;
    const hand = async () => {
      await onBlock();
      block.rows = 0;
    };
    for (const file of this.#files) {
      this.#report(this.#bytesBefore);
      const onBad = (bad: BadRow) => this.#onBad(file, bad);
      const left = limit - this.rows;
      if (!isColumnar(file)) {
        const parser = format.createParser(onBad, file.path);
        this.#sources.push(await this.#readFile(file, parser, left, block, hand));
      } else if (format.openColumns !== undefined) {
        const columns = await format.openColumns(file, onBad);
        this.#sources.push(await this.#readColumns(file, columns, left, block, hand));
      } else {
        throw new UserError(
          `Cannot read ${file.path}: it is a ${file.container} file beside files of text`,
        );
      }
      this.#bytesBefore += file.bytes;
    }
    this.#report(this.#totalBytes);
    this.#hooks.signal?.throwIfAborted();
    if (block.rows > 0) await hand();
    if (this.rows > 0) this.#checkShare();
    if (this.rows === 0) {
      throw new UserError(
        `Cannot prepare ${this.#files[0]!.path}: ${
          this.#skipped > 0 ? `all of its rows are bad, first ${this.#quoted[0]}` : "it has no rows"
        }`,
      );
    }
  }

  async #readFile(
    file: TextFile,
    parser: RowParser,
    limit: number,
    block: RowBlock,
    hand: () => Promise<void>,
  ): Promise<SourceRecord> {
    const hash = new Sha256();
    let hashed = 0, cut = limit <= 0;
    const drain = async () => {
      const before = parser.rows;
      const full = parser.parse(block, limit);
      this.rows += parser.rows - before;
      if (block.rows === BLOCK_ROWS) await hand();
      return full;
    };
    if (!cut) {
      for await (
        const piece of readText(file, (bytes) => this.#report(this.#bytesBefore + bytes))
      ) {
        this.#hooks.signal?.throwIfAborted();
        if (parser.rows >= limit) {
          cut = true;
          break;
        }
        parser.feed(piece);
        while (await drain() && parser.rows < limit);
        const used = parser.rows >= limit ? parser.consumed - hashed : piece.length;
        hash.update(piece.subarray(0, used));
        hashed += used;
        cut = used < piece.length;
        if (cut) break;
      }
      if (!cut) {
        parser.finish();
        while (await drain() && parser.rows < limit);
      }
      if (parser.lines === 0) throw new UserError(`Cannot read ${file.path}: it is empty`);
    }
    this.cut ||= cut;
    return this.#record(file, hashed, hash.hex(), parser.rows);
  }

  async #readColumns(
    file: TextFile,
    columns: ColumnRows,
    limit: number,
    block: RowBlock,
    hand: () => Promise<void>,
  ): Promise<SourceRecord> {
    const sha256 = await hashText(file, file.bytes, this.#hooks.signal);
    if (sha256 === null) throw new UserError(`Cannot read ${file.path}: it has become shorter`);
    const before = this.rows;
    const cut = limit <= 0 || await columns.read(block, limit, hand, () => {
      this.rows = before + columns.rows;
      this.#hooks.signal?.throwIfAborted();
      this.#report(this.#bytesBefore);
    });
    this.rows = before + columns.rows;
    this.cut ||= cut;
    if (!cut && columns.lines === 0) {
      throw new UserError(`Cannot read ${file.path}: it has no rows`);
    }
    return this.#record(file, file.bytes, sha256, columns.rows);
  }

  #record(file: TextFile, textBytes: number, textSha256: string, rows: number): SourceRecord {
    const { name, absolutePath, bytes, modified, container } = file;
    return { name, path: absolutePath, bytes, modified, container, textBytes, textSha256, rows };
  }

  #checkShare(): void {
    const share = this.#skipped / (this.rows + this.#skipped);
    if (share <= MOST_BAD) return;
    throw new UserError(
      `Cannot prepare ${this.#files[0]!.path}: ${this.#skipped} of ${
        this.rows + this.#skipped
      } rows are bad, more than a tenth, so the format is likely to be another; the first is ${
        this.#quoted[0]
      }`,
    );
  }

  #onBad(file: TextFile, bad: BadRow): void {
    const where = `${file.path}:${bad.line}:${bad.column}${bad.field ? ` (${bad.field})` : ""}`;
    if (bad.unended && this.#forgiveCutLine) {
      this.cutLines.push(`${file.path}:${bad.line}`);
      return;
    }
    if (this.#options.badRows === "error") {
      throw new UserError(`Cannot read ${where}: ${bad.reason}`);
    }
    this.#skipped++;
    if (this.#skipped > ENOUGH_ROWS) this.#checkShare();
    if (this.#quoted.length < QUOTED) this.#quoted.push(`${where}: ${bad.reason}`);
  }

  #report(bytes: number): void {
    this.#hooks.onProgress?.({
      stage: "preparing",
      bytes,
      totalBytes: this.#totalBytes,
      rows: this.rows,
    });
  }
}
