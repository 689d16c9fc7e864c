/**
 * Prepares the formats whose rows are inputs. One pass: parse, number the ids, write; memory is one piece of text, a few
 * blocks and the dictionaries. A frequency threshold walks over what was written twice more.
 *
 * @module
 */

import { formatCount } from "../core/format.ts";
import { BlockWriter } from "./block_writer.ts";
import {
  CACHE_VERSION,
  datasetHash,
  type Manifest,
  type PreparationOptions,
  ROWS_FILE,
  writeManifest,
} from "./manifest.ts";
import { SplitWriter } from "./random_split.ts";
import { groupRareIds, rareNote } from "./rare_ids.ts";
import { BLOCK_ROWS, RowBlock } from "./row_block.ts";
import { ROW_FORMATS, type RowFormatName } from "./row_formats.ts";
import { type PreparationHooks, SourceScan } from "./source_scan.ts";
import { splitLastFile, splitNone, type Splits, splitSevenths } from "./split.ts";
import type { TextFile } from "./text_source.ts";
import { Vocabulary } from "./vocabulary.ts";

/** Fills an empty folder with the blocks and the manifest of some files. */
export async function buildRows(
  folder: string,
  files: readonly TextFile[],
  options: PreparationOptions & { readonly format: RowFormatName },
  hooks: PreparationHooks,
): Promise<Manifest> {
  const format = ROW_FORMATS[options.format];
  const columns = [format.dense.length, format.tables.length] as const;
  const block = new RowBlock(...columns);
  const vocabularies = format.tables.map(() => new Vocabulary());
  const scan = new SourceScan(files, options, hooks);
  using writer = await BlockWriter.create(`${folder}/${ROWS_FILE}`, ...columns);
  using random = format.split === "random" && !options.whole
    ? await SplitWriter.create(folder, writer, options.seed, ...columns)
    : null;
  await scan.run((onBad) => format.createParser(onBad), block, async () => {
    for (const [t, vocabulary] of vocabularies.entries()) {
      vocabulary.replace(block.idColumn(t), options.maxIndexRange);
    }
    await (random ?? writer).write(block);
  });
  const { rows, cut, sources, skipped } = scan;
  let splits: Splits, how: string;
  if (options.whole) {
    splits = splitNone(rows);
    how = "Not split";
  } else if (random !== null) {
    splits = await random.finish();
    how =
      `Of every ten rows one tests, one validates and eight train, drawn with seed ${options.seed}`;
  } else if (format.split === "last-file" && sources.length > 1 && !cut) {
    splits = splitLastFile(sources.map((source) => source.rows));
    how = "The last file is held out";
  } else {
    // Of files that a limit cut short the last one is missing or has only its beginning.
    splits = splitSevenths(rows);
    how = "Split in sevenths";
  }
  const notes = [
    `${how}: ${formatCount(splits.train.count)} train, ${formatCount(splits.test.count)} test, ` +
    `${formatCount(splits.validation.count)} validation`,
  ];
  if (cut && options.limit !== null) {
    notes.push(
      `The limit of ${formatCount(options.limit)} inputs came before the end of the files` +
        (sources.length > 1 && random === null
          ? ", so the split is in sevenths of what it left"
          : ""),
    );
  }
  notes.push(format.note);
  let tableRows = vocabularies.map((vocabulary) => vocabulary.size);
  if (options.minCount > 0) {
    // The dictionaries are no longer needed, and the threshold needs memory of their order.
    vocabularies.length = 0;
    const { train } = splits;
    const rare = await groupRareIds(
      writer,
      columns[0],
      tableRows,
      train,
      options.minCount,
      hooks.signal,
    );
    tableRows = rare.map((table) => table.rows);
    notes.push(rareNote(options.minCount, rare));
  }
  await writer.sync();
  const tables = format.tables.map((name, t) => ({ name, rows: tableRows[t]! }));
  return await writeManifest(folder, {
    version: CACHE_VERSION,
    options,
    sources,
    rows,
    blockRows: BLOCK_ROWS,
    dense: format.dense,
    tables,
    splits,
    notes,
    skipped,
    blocks: writer.blocks,
    hash: datasetHash({ options, sources, rows, splits, tables }),
  });
}
