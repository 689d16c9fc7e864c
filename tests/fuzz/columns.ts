/** Files of columns, changed as bytes: refused, or with as many values in each column as there are rows. */

import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { tableFromArrays, tableToIPC } from "../../core/npm/flechette.ts";
import { openColumnar } from "../../data/columnar/open.ts";
import { findTextFile, isColumnar } from "../../data/text_source.ts";
import { parquetWriteFile } from "../../core/npm/hyparquet_writer.ts";
import type { Draw } from "./draw.ts";
import { mutateBytes } from "./draw.ts";
import { scratchFolder } from "./scratch.ts";
import { type Subject, verdictOf } from "./subject.ts";

const folder = await scratchFolder();
const ROWS = 60;
const range = <T>(of: (i: number) => T) => Array.from({ length: ROWS }, (_, i) => of(i));

/** Of each kind of column that logs have; the texts repeat, so that they are in a dictionary. */
const COLUMNS = {
  label: range((i) => i % 2),
  price: range((i) => i / 4),
  user: range((i) => `user ${i % 7}`),
  when: range((i) => i % 5 === 0 ? null : 1000 * i),
  item: range((i) => `a text that is there once, ${i}`),
  tags: range((i) => Array.from({ length: i % 4 }, (_, k) => `t${k}`)),
};

async function parquet(
  codec: "UNCOMPRESSED" | "SNAPPY" | "GZIP" | "ZSTD",
  encodings: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const types = { label: "INT32", price: "DOUBLE", user: "STRING", when: "INT64", item: "STRING" };
  const names = Object.keys(types) as (keyof typeof types)[];
  await parquetWriteFile({
    filename: `${folder}/good`,
    codec,
    compressors: { GZIP: gzipSync, ZSTD: zstdCompressSync },
    columnData: names.map((name) => ({
      name,
      data: COLUMNS[name].map((value) => name === "when" && value !== null ? BigInt(value) : value),
      type: types[name],
      nullable: name === "when",
      ...(encodings[name] === undefined ? {} : { encoding: encodings[name] }),
    })) as never,
    rowGroupSize: 25,
  });
  return await Deno.readFile(`${folder}/good`);
}

const PARQUET = [
  await parquet("UNCOMPRESSED"),
  await parquet("SNAPPY"),
  await parquet("GZIP"),
  await parquet("ZSTD", {
    label: "DELTA_BINARY_PACKED",
    user: "DELTA_BYTE_ARRAY",
    item: "DELTA_LENGTH_BYTE_ARRAY",
    price: "BYTE_STREAM_SPLIT",
  }),
];

const table = tableFromArrays({ ...COLUMNS, dates: range((i) => new Date(i)) });
const ARROW = (["file", "stream"] as const).map((format) => tableToIPC(table, { format })!);

async function check(input: Uint8Array) {
  const path = `${folder}/changed`;
  await Deno.writeFile(path, input);
  return await verdictOf(async () => {
    const found = await findTextFile(path);
    // Without the mark at its beginning it is read as something else.
    if (!isColumnar(found)) return;
    const file = await openColumnar(found);
    for await (const group of file.groups()) {
      for (const name of file.names) {
        const values = await group.read(name);
        assert.equal(values.length, group.rows, name);
      }
    }
  });
}

const changedOf = (files: readonly Uint8Array[]) => (draw: Draw) =>
  mutateBytes(draw.of(files), draw);

/** By container. */
export const COLUMN_FILES: readonly Subject[] = [
  { name: "parquet", make: changedOf(PARQUET), check },
  { name: "arrow", make: changedOf(ARROW), check },
];
