/**
 * The ids that the rows of saved weights stand for, in a safetensors file beside them, and rows matched by id.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import {
  checkSchema,
  listOf,
  objectOf,
  oneOf,
  orNull,
  type Schema,
  text,
} from "../../core/schema.ts";
import { ByteDictionary } from "../../data/ids/byte_dictionary.ts";
import { keysHash, type TableKeys } from "../../data/table_keys.ts";
import { Vocabulary } from "../../data/vocabulary.ts";
import { SafetensorsFile, type TensorSource } from "./safetensors.ts";

/** The file in a folder of weights: `C1.ids` (numbers) or `C1.text` and `C1.ends` for each table. */
export const VOCABULARY_FILE = "vocabulary.safetensors";

/** Metadata key: what `TableKeys` says besides the ids, as JSON. */
const TABLES_KEY = "tables";

interface KeysHeader {
  readonly name: string;
  readonly meaning: string;
  readonly reserved: string[];
  readonly kind: "numbers" | "texts" | null;
}

const HEADER: Schema<KeysHeader[]> = listOf(
  objectOf<KeysHeader>({
    name: text,
    meaning: text,
    reserved: listOf(text),
    kind: orNull(oneOf(["numbers", "texts"])),
  }),
);

/** The tensors of the ids, and the metadata that goes with them. */
export function vocabularyTensors(
  keys: readonly TableKeys[],
): { readonly tensors: TensorSource[]; readonly metadata: Readonly<Record<string, string>> } {
  const tensors: TensorSource[] = [];
  const add = (
    name: string,
    dtype: "U8" | "U32" | "F64",
    data: Uint8Array | Uint32Array | Float64Array,
  ) => tensors.push({ name, dtype, shape: [data.length], chunks: () => [data] });
  // Wide elements come first, so that all begin at multiples of their size.
  for (const { name, ids } of keys) if (ids?.kind === "texts") add(`${name}.ends`, "F64", ids.ends);
  for (const { name, ids } of keys) {
    if (ids?.kind === "numbers") add(`${name}.ids`, "U32", ids.values);
  }
  for (const { name, ids } of keys) if (ids?.kind === "texts") add(`${name}.text`, "U8", ids.bytes);
  const header = keys.map(({ name, meaning, reserved, ids }) => {
    return { name, meaning, reserved, kind: ids?.kind ?? null };
  });
  return { tensors, metadata: { [TABLES_KEY]: JSON.stringify(header) } };
}

/**
 * Reads the ids beside saved weights.
 *
 * @param hash Of the ids, as the weights' description has it.
 * @throws {UserError} The file is missing, damaged, or of other weights.
 */
export function readVocabulary(folder: string, hash: string): TableKeys[] {
  using file = SafetensorsFile.open(`${folder}/${VOCABULARY_FILE}`);
  const cannot = `Cannot read ${file.path}`;
  let header: unknown;
  try {
    header = JSON.parse(file.metadata.get(TABLES_KEY) ?? "null");
  } catch {
    throw new UserError(`${cannot}: its metadata are not JSON`);
  }
  const keys = checkSchema(HEADER, header, cannot).map(({ kind, ...table }): TableKeys => {
    const whole = <D extends "U8" | "U32" | "F64">(suffix: string, dtype: D) => {
      const info = file.info(`${table.name}.${suffix}`, dtype);
      return file.readElements(info.name, dtype, 0, info.shape[0] ?? 0);
    };
    if (kind === null) return { ...table, ids: null };
    return kind === "numbers"
      ? { ...table, ids: { kind, values: whole("ids", "U32") } }
      : { ...table, ids: { kind, bytes: whole("text", "U8"), ends: whole("ends", "F64") } };
  });
  if (keysHash(keys) !== hash) {
    throw new UserError(`${cannot}: it is not the vocabulary of the weights beside it`);
  }
  return keys;
}

/** Where the rows of a table come from. */
export interface RowMap {
  /** Rows of the saved table. */
  readonly savedRows: number;
  /** For each row the saved one that stands for the same id, or -1 where the row stays as it is. */
  readonly from: Int32Array;
  /** Rows of ids that the saved table does not have. */
  readonly unknown: number;
}

/** What the rows of tables stand for, and how many there are of each. */
export interface KeyedTables {
  readonly keys: readonly TableKeys[];
  readonly rows: readonly number[];
}

/**
 * For each table where its rows are among the saved ones, by id.
 *
 * @param saved Of the folder.
 * @param wanted Of the data set.
 * @param source The folder, for messages.
 * @param otherwise Rows of ids that the saved table does not have stay as they are (`kept`), or become that of its `rare` ids
 * where it has one.
 * @throws {UserError} The tables are others, or their ids mean something else.
 */
export function mapRows(
  saved: KeyedTables,
  wanted: KeyedTables,
  source: string,
  otherwise: "kept" | "rare",
): RowMap[] {
  const names = ({ keys }: KeyedTables) => keys.map(({ name }) => name).join(", ");
  if (names(saved) !== names(wanted)) {
    throw new UserError(
      `Cannot use ${source}: its tables are ${names(saved)}, and those of the data are ${
        names(wanted)
      }`,
    );
  }
  return wanted.keys.map((now, t) => {
    const before = saved.keys[t]!, savedRows = saved.rows[t]!, rows = wanted.rows[t]!;
    if (now.meaning !== before.meaning || now.ids?.kind !== before.ids?.kind) {
      throw new UserError(
        `Cannot use ${source}: its rows of table ${now.name} stand for ids that are ${before.meaning}, and the data's are ${now.meaning}`,
      );
    }
    const from = new Int32Array(rows).fill(-1);
    from.set(now.reserved.map((name) => before.reserved.indexOf(name)));
    const first = now.reserved.length;
    from.set(findIds(before, now, savedRows).subarray(0, rows - first), first);
    // A table that was asked to be larger has more rows than ids, at its end.
    const known = now.ids === null ? rows : now.reserved.length + idCount(now);
    const rest = otherwise === "rare" ? before.reserved.indexOf("rare") : -1;
    let unknown = 0;
    for (let row = 0; row < known; row++) {
      if (from[row]! >= 0) continue;
      unknown++;
      from[row] = rest;
    }
    return { savedRows, from, unknown };
  });
}

function idCount({ ids }: TableKeys): number {
  return ids === null ? 0 : ids.kind === "numbers" ? ids.values.length : ids.ends.length;
}

/** For each id the saved row, or -1. */
function findIds(saved: TableKeys, now: TableKeys, savedRows: number): Int32Array {
  const first = saved.reserved.length;
  if (now.ids?.kind === "numbers" && saved.ids?.kind === "numbers") {
    // Saved ids take the first numbers, and what is new takes those behind.
    const vocabulary = new Vocabulary(), found = now.ids.values.slice();
    vocabulary.replace(saved.ids.values.slice(), 0);
    const count = vocabulary.size;
    vocabulary.replace(found, 0);
    return Int32Array.from(found, (index) => index < count ? first + index : -1);
  }
  if (now.ids?.kind === "texts" && saved.ids?.kind === "texts") {
    const dictionary = new ByteDictionary();
    const { bytes, ends } = saved.ids;
    for (let i = 0; i < ends.length; i++) dictionary.index(bytes, ends[i - 1] ?? 0, ends[i]!);
    const count = dictionary.size, texts = now.ids;
    return Int32Array.from(texts.ends, (end, i) => {
      const index = dictionary.index(texts.bytes, texts.ends[i - 1] ?? 0, end);
      return index < count ? first + index : -1;
    });
  }
  // A row is its own id.
  return Int32Array.from({ length: savedRows - first }, (_, row) => first + row);
}
