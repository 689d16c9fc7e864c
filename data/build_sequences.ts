/**
 * Prepares Taobao's log: events to sequences of 21 steps, after the preprocessing of TBSM.
 *
 * All events are held in memory (see `event_log.ts`), because negatives are drawn from all pairs of item and category,
 * users are split by the times of their last events, and a file need not be grouped by user. What is drawn depends on the
 * seed and on the users' raw ids, not on the order of the lines.
 *
 * @module
 */

import { UsageError, UserError } from "../core/errors.ts";
import { formatCount } from "../core/format.ts";
import { BlockWriter } from "./block_writer.ts";
import { EventLog } from "./event_log.ts";
import {
  CACHE_VERSION,
  datasetHash,
  type Manifest,
  type PreparationOptions,
  ROWS_FILE,
  storedColumns,
  writeManifest,
} from "./manifest.ts";
import { numberFrequent, type RareIds, rareNote } from "./rare_ids.ts";
import { BLOCK_ROWS, RowBlock } from "./row_block.ts";
import { type PreparationHooks, SourceScan } from "./source_scan.ts";
import type { RowFormat } from "./row_formats.ts";
import { type TableKeys, writeKeys } from "./table_keys.ts";
import { type EventLayout, TAOBAO_LAYOUT, TAOBAO_STEPS, TAOBAO_TABLES } from "./taobao.ts";
import { EVENT_COLUMNS, TaobaoParser } from "./taobao_parser.ts";
import type { TextFile } from "./text_source.ts";
import { SPLITS } from "./split.ts";
import type { Split } from "./types.ts";
import { splitUsers } from "./user_split.ts";
import { LONGEST_HISTORY, type UserWindow, windowCount, WindowDraw } from "./user_windows.ts";
import type { Vocabulary } from "./vocabulary.ts";

const DENSE = ["step"];

/** Users between two looks at the signal and the clock. */
const USERS_A_TURN = 1024;

/** Fills an empty folder with the blocks and the manifest of some files. */
export async function buildSequences(
  folder: string,
  files: readonly TextFile[],
  options: PreparationOptions,
  hooks: PreparationHooks,
): Promise<Manifest> {
  if (options.heldOut !== null) {
    throw new UsageError(
      `Cannot hold files out of ${
        files[0]!.path
      }: of a log of events users test and validate, not files`,
    );
  }
  const scan = new SourceScan(files, options, hooks, true);
  const { log, outOfRange } = await readEvents(scan, options, files[0]!.path);
  const userRanks = ranks(log.users);
  const userOf = inverse(userRanks);
  const lastTimes = Uint32Array.from(userOf, (user) => log.lastTime(user));
  // The original takes its shares of all users, those included that give no input.
  const gives = (rank: number) => options.leak || windowCount(log.count(userOf[rank]!)) > 0;
  const users = splitUsers(lastTimes, options.seed, options.leak, gives);
  const itemRanks = ranks(log.items), categoryRanks = ranks(log.categories);
  const rows = numberRows(log, options.minCount, userOf, users.train, itemRanks, categoryRanks);

  const stored = storedColumns({
    dense: DENSE,
    tables: rows.tables,
    steps: TAOBAO_STEPS,
  });
  using writer = await BlockWriter.create(`${folder}/${ROWS_FILE}`, stored.dense, stored.ids);
  const block = new RowBlock(stored.dense, stored.ids);
  const draw = new WindowDraw(options.seed, pairPool(log, itemRanks, categoryRanks));
  /** The last user that was seen with each item. */
  const seenBy = new Uint32Array(log.items.size);
  let serial = 0;
  const counts = { train: 0, test: 0, validation: 0 };

  const addWindow = (
    user: number,
    history: Uint32Array,
    { end, negative, label }: UserWindow,
  ): void => {
    const row = block.rows, { ids, stride } = block;
    ids[row] = rows.user[user]!;
    const shift = negative === null ? TAOBAO_STEPS - 1 : TAOBAO_STEPS - 2;
    for (let s = 0; s < TAOBAO_STEPS; s++) {
      const place = end - shift + s;
      const pair = s === TAOBAO_STEPS - 1 && negative !== null ? negative : history[place];
      const item = pair === undefined ? rows.padding : rows.item[log.pairs.first(pair)]!;
      const category = pair === undefined ? rows.padding : rows.category[log.pairs.second(pair)]!;
      ids[(1 + s) * stride + row] = item;
      ids[(1 + TAOBAO_STEPS + s) * stride + row] = category;
    }
    block.labels[row] = label;
    block.rows++;
  };
  for (const split of SPLITS) {
    for (const [i, rank] of users[split].entries()) {
      if (i % USERS_A_TURN === 0) hooks.signal?.throwIfAborted();
      const user = userOf[rank]!;
      if (windowCount(log.count(user)) === 0) continue;
      const whole = log.history(user);
      serial++;
      for (const pair of whole) seenBy[log.pairs.first(pair)] = serial;
      const known = (pair: number) => seenBy[log.pairs.first(pair)] === serial;
      const history = whole.subarray(Math.max(0, whole.length - LONGEST_HISTORY));
      const lastItem = log.pairs.first(history.at(-1)!);
      const isLast = (pair: number) => log.pairs.first(pair) === lastItem;
      const windows = split === "train"
        ? draw.train(rank, history.length, known)
        : split === "validation"
        ? draw.heldOut(rank, history.length, known)
        : draw.test(rank, history.length, isLast);
      for (const window of windows) {
        addWindow(user, history, window);
        if (block.rows < BLOCK_ROWS) continue;
        await writer.write(block);
        block.rows = 0;
      }
      counts[split] += windows.length;
    }
  }
  if (block.rows > 0) await writer.write(block);
  for (const split of ["train", "test"] as const) {
    if (counts[split] === 0) {
      throw new UserError(
        `Cannot make sequences of ${files[0]!.path}: of its ${log.users.size} user${
          log.users.size === 1 ? "" : "s"
        } none with 11 events or more is left to ${split}`,
      );
    }
  }
  await writer.sync();

  const splits = {
    train: { start: 0, count: counts.train },
    test: { start: counts.train, count: counts.test },
    validation: { start: counts.train + counts.test, count: counts.validation },
  };
  const { sources, skipped } = scan;
  const keys = await writeKeys(folder, keysOf(log, rows, options));
  return await writeManifest(folder, {
    version: CACHE_VERSION,
    options,
    sources,
    rows: writer.rows,
    blockRows: BLOCK_ROWS,
    dense: DENSE,
    tables: rows.tables,
    steps: TAOBAO_STEPS,
    splits,
    notes: [
      ...describeEvents(log, scan, outOfRange, options),
      ...describeInputs(users, counts, draw.missed, options),
      ...shortNote(userOf.filter((user) => windowCount(log.count(user)) === 0).length),
      ...(options.minCount > 0 ? [rareNote(options.minCount, rows.rare)] : []),
    ],
    skipped,
    blocks: writer.blocks,
    keys,
    labelled: true,
    hash: datasetHash({ options, sources, rows: writer.rows, splits, tables: rows.tables }),
  });
}

/**
 * Reads and groups all events of a log.
 *
 * @param path Of the first file, for messages.
 */
export async function readEvents(
  scan: SourceScan,
  options: PreparationOptions,
  path: string,
): Promise<{ log: EventLog; outOfRange: number }> {
  const log = new EventLog(options.maxIndexRange);
  const block = new RowBlock(0, EVENT_COLUMNS);
  const layout = options.events ?? TAOBAO_LAYOUT;
  const parsers: TaobaoParser[] = [];
  const dropped = () => parsers.reduce((sum, parser) => sum + parser.outOfRange, 0);
  const format: Pick<RowFormat, "createParser"> = {
    createParser: (onBad, path) => {
      const parser = new TaobaoParser(onBad, layout, path);
      parsers.push(parser);
      return parser;
    },
  };
  try {
    await scan.run(format, block, () => Promise.resolve(log.add(block)));
  } catch (error) {
    if (scan.rows > 0 || dropped() === 0 || !(error instanceof UserError)) throw error;
    throw new UserError(
      `Cannot prepare ${path}: all of its ${dropped()} events lie outside ${datesOf(layout)}`,
    );
  }
  log.group();
  return { log, outOfRange: dropped() };
}

/** The dates that events of a layout must have. */
function datesOf({ window }: EventLayout): string {
  return window === null ? "1970 to 2106" : "25 November to 3 December 2017 (China)";
}

/** For each index of a dictionary the rank of its value. */
function ranks(vocabulary: Vocabulary): Uint32Array {
  const values = vocabulary.values();
  const sorted = values.slice().sort();
  return values.map((value) => {
    let low = 0, high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

function inverse(permutation: Uint32Array): Uint32Array {
  const result = new Uint32Array(permutation.length);
  for (let i = 0; i < permutation.length; i++) result[permutation[i]!] = i;
  return result;
}

/** All pairs in the order of their raw items and categories. */
function pairPool(
  { pairs, categories }: EventLog,
  itemRanks: Uint32Array,
  categoryRanks: Uint32Array,
): Uint32Array {
  const count = categories.size;
  const keys = new Float64Array(pairs.size);
  for (let p = 0; p < keys.length; p++) {
    keys[p] = itemRanks[pairs.first(p)]! * count + categoryRanks[pairs.second(p)]!;
  }
  keys.sort();
  const itemOf = inverse(itemRanks), categoryOf = inverse(categoryRanks);
  return Uint32Array.from(
    keys,
    (key) => pairs.index(itemOf[Math.floor(key / count)]!, categoryOf[key % count]!),
  );
}

/** The rows of the tables. */
interface Rows {
  /** For each index of a dictionary. */
  readonly user: Uint32Array;
  readonly item: Uint32Array;
  readonly category: Uint32Array;
  /** Of items and categories alike. */
  readonly padding: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly rare: readonly RareIds[];
}

/**
 * Numbers rows in the order of raw ids. First comes the out-of-vocabulary row where there is a threshold, then, of items
 * and categories, the padding row.
 */
function numberRows(
  log: EventLog,
  minCount: number,
  userOf: Uint32Array,
  trainUsers: Uint32Array,
  itemRanks: Uint32Array,
  categoryRanks: Uint32Array,
): Rows {
  const userRanks = inverse(userOf);
  const allRanks = [userRanks, itemRanks, categoryRanks] as const;
  const padding = minCount > 0 ? 1 : 0;
  const rare: RareIds[] = [];
  const numbered = allRanks.map((rank, t) => {
    // Padding takes a row of items and of categories.
    const extra = t === 0 ? 0 : 1;
    if (minCount === 0) {
      rare.push({ ids: rank.length, rows: rank.length });
      return { row: rank.map((r) => r + extra), rows: rank.length + extra };
    }
    const counts = new Uint32Array(rank.length);
    for (const trained of trainUsers) {
      const user = userOf[trained]!;
      if (t === 0) counts[trained] = log.count(user);
      else {
        for (const pair of log.history(user)) {
          counts[rank[t === 1 ? log.pairs.first(pair) : log.pairs.second(pair)]!]!++;
        }
      }
    }
    const rows = numberFrequent(counts, minCount);
    rare.push({ ids: rank.length, rows });
    return {
      row: rank.map((r) => counts[r] === 0 ? 0 : counts[r]! + extra),
      rows: rows + extra,
    };
  });
  const [user, item, category] = numbered;
  return {
    user: user!.row,
    item: item!.row,
    category: category!.row,
    padding,
    tables: TAOBAO_TABLES.map((name, t) => ({ name, rows: numbered[t]!.rows })),
    rare,
  };
}

/** What the rows of the tables stand for. */
function keysOf(log: EventLog, rows: Rows, { maxIndexRange, minCount }: PreparationOptions) {
  const meaning = maxIndexRange > 0 ? `decimal modulo ${maxIndexRange}` : "decimal";
  const tables = [[log.users, rows.user], [log.items, rows.item], [log.categories, rows.category]];
  return (tables as [Vocabulary, Uint32Array][]).map(([vocabulary, rowOf], t): TableKeys => {
    const reserved = [...(minCount > 0 ? ["rare"] : []), ...(t > 0 ? ["padding"] : [])];
    const first = reserved.length;
    const values = new Uint32Array(rows.tables[t]!.rows - first);
    for (const [index, value] of vocabulary.values().entries()) {
      const row = rowOf[index]!;
      if (row >= first) values[row - first] = value;
    }
    return { name: rows.tables[t]!.name, meaning, reserved, ids: { kind: "numbers", values } };
  });
}

function describeEvents(
  log: EventLog,
  scan: SourceScan,
  outOfRange: number,
  { limit, events }: PreparationOptions,
): string[] {
  const { users, items, categories, pairs } = log;
  const notes = [
    `${formatCount(log.length)} events of ${formatCount(users.size)} users (${
      log.grouped ? "grouped by user" : "not grouped by user"
    }) with ${formatCount(items.size)} items in ${formatCount(categories.size)} categories; ${
      formatCount(pairs.size - items.size)
    } pairs more than items, because an item with several categories makes a pair with each`,
  ];
  if (scan.cut) notes.push(`The limit of ${limit} events came before the end of the files`);
  if (outOfRange > 0) {
    notes.push(
      `Dropped ${outOfRange} event${outOfRange === 1 ? "" : "s"} outside ${
        datesOf(events ?? TAOBAO_LAYOUT)
      }, which the original keeps`,
    );
  }
  for (const where of scan.cutLines) notes.push(`Dropped the last line, cut short: ${where}`);
  return notes;
}

function describeInputs(
  users: Record<Split, Uint32Array>,
  counts: Record<Split, number>,
  missed: number,
  { leak, seed }: PreparationOptions,
): string[] {
  const notes = [
    `${formatCount(users.train.length)} users train (${formatCount(counts.train)} inputs), ${
      formatCount(users.test.length)
    } with the latest ` +
    `last events test (${formatCount(counts.test)}), ${
      formatCount(users.validation.length)
    } validate (${formatCount(counts.validation)}); ` +
    `drawn with seed ${seed}`,
    leak
      ? "Validation users are also trained on, as in the original (leak)"
      : "Validation users are not trained on; in the original they are (leak)",
    "Padding has a row of its own in the tables of items and categories; in the original it is the first item's",
    "The result does not depend on the order of the lines, but for events of one user in one second",
  ];
  if (missed > 0) {
    notes.push(
      `${formatCount(missed)} negatives are missing: no item was found that is new to the user`,
    );
  }
  return notes;
}

function shortNote(users: number): string[] {
  if (users === 0) return [];
  return [
    `${users} user${users === 1 ? "" : "s"} with fewer than 11 events give${
      users === 1 ? "s" : ""
    } no input, whatever the split`,
  ];
}
