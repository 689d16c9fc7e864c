/** Every row of the tables of formats in docs/data.md: a copy of a log is read as the log itself is. */

import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { tableFromArrays, tableToIPC } from "../../core/npm/flechette.ts";
import { UserError } from "../../core/errors.ts";
import { openDataset, type OpenOptions } from "../../data/open.ts";
import { parquetWriteFile } from "../../core/npm/hyparquet_writer.ts";
import { AVAZU_HEADER, avazuRow, FIRST_SECOND } from "./log_rows.ts";
import { inFolder, readAll, row } from "./rows.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const CRITEO_NAMES = [
  "label",
  ...Array.from({ length: 13 }, (_, j) => `I${j + 1}`),
  ...Array.from({ length: 26 }, (_, t) => `C${t + 1}`),
];

/** Rows of fields: label, numbers that are sometimes missing, ids that repeat. */
const CRITEO: string[][] = Array.from({ length: 40 }, (_, i) =>
  row(
    i % 3 === 0 ? 1 : 0,
    { 1: i, 2: i % 4 === 0 ? "" : 7 * i, 13: i % 2 === 0 ? 3 : "" },
    {
      1: (0xabc000 + i % 9).toString(16).padStart(8, "0"),
      2: (0xf0000000 + i).toString(16),
      26: i % 5 === 0 ? "" : "0000beef",
    },
  ).split("\t"));
const AVAZU: string[][] = Array.from({ length: 40 }, (_, i) =>
  avazuRow({
    0: String(10_000_000_000 + i),
    1: i % 2,
    2: `141021${String(i % 24).padStart(2, "0")}`,
    5: (0x1000 + i % 7).toString(16),
    17: i % 5,
    23: i % 3,
  }).split(","));
const AVAZU_NAMES = AVAZU_HEADER.split(",");

const text = (rows: readonly (readonly string[])[], separator: string, end = "\n") =>
  rows.map((fields) => fields.join(separator) + end).join("");

async function content(path: string, options: Partial<OpenOptions> = {}) {
  const dataset = await openDataset({
    data: [path],
    cacheDirectory: `${path}.cache`,
    labels: "optional",
    ...options,
  });
  try {
    const all = [];
    for (const split of ["train", "test", "validation"] as const) {
      const { dense, ids, labels } = await readAll(dataset, split);
      all.push({ dense: [...dense], ids: [...ids], labels: [...labels] });
    }
    return { format: dataset.schema.format, all, labelled: dataset.schema.labelled ?? true };
  } finally {
    dataset.close();
  }
}

/** Checks that copies have the content of the original. */
async function same(
  original: string,
  copies: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/original`, original);
    const expected = await content(`${folder}/original`);
    for (const [name, copy] of Object.entries(copies)) {
      const path = `${folder}/${name.replaceAll(/\W/g, "_")}`;
      await Deno.writeFile(path, typeof copy === "string" ? bytes(copy) : copy);
      assert.deepEqual(await content(path), expected, name);
    }
  });
}

const change = (rows: readonly string[][], to: (field: string, column: number) => string) =>
  rows.map((fields) => fields.map(to));

Deno.test("copies of Criteo's rows are read as the rows themselves", () =>
  same(text(CRITEO, "\t"), {
    "between commas": text(CRITEO, ","),
    "between semicolons": text(CRITEO, ";"),
    "between bars": text(CRITEO, "|"),
    "between spaces": text(CRITEO, " "),
    "CRLF and a byte-order mark": `\ufeff${text(CRITEO, "\t", "\r\n")}`,
    "a header between TABs": text([CRITEO_NAMES, ...CRITEO], "\t"),
    "a header between commas": text([CRITEO_NAMES, ...CRITEO], ","),
    "Id,Label": text([
      ["Id", "Label", ...CRITEO_NAMES.slice(1)],
      ...CRITEO.map((fields, i) => [String(i), ...fields]),
    ], ","),
    "a header in another order and case": text([
      CRITEO_NAMES.map((name) => name.toLowerCase()).reverse(),
      ...CRITEO.map((fields) => fields.toReversed()),
    ], ","),
    "quotes": text([CRITEO_NAMES, ...CRITEO].map((fields) => fields.map((f) => `"${f}"`)), ","),
    "floats": text(
      change(CRITEO, (field, c) => c < 14 && field !== "" ? `${field}.0` : field),
      "\t",
    ),
    "Hive": text(change(CRITEO, (field) => field === "" ? "\\N" : field), "\t"),
    "NULL": text(change(CRITEO, (field) => field === "" ? "NULL" : field), "\t"),
    "nan": text(change(CRITEO, (field) => field === "" ? "nan" : field), "\t"),
    "labels -1 and 1": text(change(CRITEO, (f, c) => c === 0 && f === "0" ? "-1" : f), "\t"),
    "labels true and false": text(
      change(CRITEO, (f, c) => c > 0 ? f : f === "0" ? "false" : "True"),
      "\t",
    ),
    "0x": text(change(CRITEO, (f, c) => c > 13 && f !== "" ? `0x${f}` : f), "\t"),
    "ids as texts": text(change(CRITEO, (f, c) => c > 13 && f !== "" ? `user ${f}!` : f), "\t"),
    "ids of 64 bits": text(change(CRITEO, (f, c) => c > 13 && f !== "" ? `fedcba98${f}` : f), "\t"),
    "stripped ends": text(CRITEO, "\t").replace(/\t+$/gm, ""),
    "a TAB too many": text(CRITEO, "\t", "\t\n"),
    "a space too many": text(CRITEO, "\t", " \n"),
    "empty last lines": `${text(CRITEO, "\t")}\n\r\n\n`,
    "gzip": gzipSync(text(CRITEO, "\t")),
    "zstd in two frames": Uint8Array.from([
      ...zstdCompressSync(text(CRITEO.slice(0, 15), "\t")),
      ...zstdCompressSync(text(CRITEO.slice(15), "\t")),
    ]),
  }));

Deno.test("copies of Avazu's rows are read as the rows themselves", () =>
  same(text([AVAZU_NAMES, ...AVAZU], ","), {
    "without a header": text(AVAZU, ","),
    "between TABs": text([AVAZU_NAMES, ...AVAZU], "\t"),
    "in quotes": text([AVAZU_NAMES, ...AVAZU].map((fields) => fields.map((f) => `"${f}"`)), ","),
    "without id": text([AVAZU_NAMES, ...AVAZU].map((fields) => fields.slice(1)), ","),
    "in another order": text([AVAZU_NAMES, ...AVAZU].map((fields) => fields.toReversed()), ","),
    "ids as floats": text(
      [AVAZU_NAMES, ...AVAZU.map((fields) => ["1.00000E+19", ...fields.slice(1)])],
      ",",
    ),
    "dates": text([
      AVAZU_NAMES,
      ...AVAZU.map((f) => [...f.slice(0, 2), `2014-10-21 ${f[2]!.slice(6)}:00:00`, ...f.slice(3)]),
    ], ","),
  }));

Deno.test("columns are taken by the names in Avazu's header, whatever their order", () =>
  inFolder(async (folder) => {
    const swapped = AVAZU_NAMES.map((name) =>
      name === "C14" ? "C21" : name === "C21" ? "C14" : name
    );
    await Deno.writeTextFile(`${folder}/f`, text([swapped, ...AVAZU], ","));
    const dataset = await openDataset({ data: [`${folder}/f`], cacheDirectory: `${folder}/cache` });
    const rows = Object.fromEntries(dataset.schema.tables.map(({ name, rows }) => [name, rows]));
    assert.equal(rows.C15, 5);
    assert.equal(rows.C14, 3);
    assert.equal(rows.C21, 1);
    dataset.close();
  }));

Deno.test("Parquet and Arrow files with known names of columns are read as text is", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/original`, text(CRITEO, "\t"));
    const expected = await content(`${folder}/original`);
    const columns = CRITEO_NAMES.map((name, c) => ({
      name,
      data: CRITEO.map((fields) => {
        const field = fields[c]!;
        if (c > 13) return field === "" ? null : field;
        return field === "" ? null : Number(field);
      }),
    }));
    await parquetWriteFile({
      filename: `${folder}/f.parquet`,
      columnData: columns.map(({ name, data }, c) => ({
        name,
        data,
        type: c > 13 ? "STRING" : "INT32",
        nullable: true,
      })),
      rowGroupSize: 16,
    });
    assert.deepEqual(await content(`${folder}/f.parquet`), expected);
    const table = tableFromArrays(
      Object.fromEntries(columns.map(({ name, data }) => [name, data])),
    );
    for (const format of ["file", "stream"] as const) {
      await Deno.writeFile(`${folder}/${format}`, tableToIPC(table, { format })!);
      assert.deepEqual(await content(`${folder}/${format}`), expected, format);
    }
  }));

Deno.test("logs without labels are opened to be looked at and refused to be trained on", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/test.txt`, text(CRITEO.map((f) => f.slice(1)), "\t"));
    await Deno.writeTextFile(
      `${folder}/test.csv`,
      text([AVAZU_NAMES, ...AVAZU].map((f) => [f[0]!, ...f.slice(2)]), ","),
    );
    for (const [name, format] of [["test.txt", "criteo-kaggle"], ["test.csv", "avazu"]] as const) {
      const { labelled, format: found } = await content(`${folder}/${name}`);
      assert.deepEqual([found, labelled], [format, false]);
      await assert.rejects(
        content(`${folder}/${name}`, { labels: "required" }),
        /^UserError: Cannot train on .*: it has no labels, so it can only be scored$/,
      );
    }
  }));

/** Events of users who all give inputs. */
function events(to: (fields: string[], i: number) => string[], separator = ",", header?: string[]) {
  const rows: string[][] = header === undefined ? [] : [header];
  for (let user = 0, i = 0; user < 30; user++) {
    for (let j = 0; j < 14 + user % 5; j++, i++) {
      const item = (user * 7 + j * j) % 50;
      const second = FIRST_SECOND + 3600 * user + 60 * j;
      rows.push(to([`${user}`, `${item}`, `${item % 6}`, "pv", `${second}`], i));
    }
  }
  return text(rows, separator);
}

Deno.test("copies of Taobao's events are read as the events themselves", () => {
  const own = (fields: string[]) => fields;
  const names = ["user_id", "item_id", "category_id", "behavior", "timestamp"];
  return same(events(own), {
    "a header": events(own, ",", names),
    "between TABs": events(own, "\t"),
    "an index": events((fields, i) => [`${i}`, ...fields], ",", ["", ...names]),
    "other words": events(([u, i, c, , t]) => [u!, i!, c!, "click", t!]),
    "numbers for behaviour": events(([u, i, c, , t]) => [u!, i!, c!, "1", t!]),
    "milliseconds": events(([u, i, c, b, t]) => [u!, i!, c!, b!, `${t}000`]),
    "another year": events(([u, i, c, b, t]) => [u!, i!, c!, b!, `${Number(t) + 1e8}`]),
    "fields in another order": events(
      (fields) => fields.toReversed(),
      ",",
      names.toReversed(),
    ),
  });
});

async function refused(name: string, data: string | Uint8Array, message: RegExp): Promise<void> {
  await inFolder(async (folder) => {
    const path = `${folder}/${name}`;
    await Deno.writeFile(path, typeof data === "string" ? bytes(data) : data);
    await assert.rejects(content(path), (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("what must be unpacked first is called by its name, with the command", async () => {
  const tar = new Uint8Array(1024);
  tar.set(bytes("ustar"), 257);
  const cases: [string, Uint8Array, RegExp][] = [
    ["a.tar", tar, /it is a tar archive; unpack it with tar xf first$/],
    ["a.tar.gz", gzipSync(tar), /it is a tar archive in gzip; unpack it with tar xf first$/],
    ["a.zip", Uint8Array.of(0x50, 0x4b, 3, 4, 0), /a zip archive; unpack it with unzip first$/],
    ["a.bz2", bytes("BZh91AY"), /compressed with bzip2; unpack it with bunzip2 first$/],
    ["a.xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0), /compressed with xz; unpack/],
    ["a.lz4", Uint8Array.of(4, 0x22, 0x4d, 0x18), /compressed with lz4; unpack it with unlz4/],
    ["a.txt", Uint8Array.of(0xff, 0xfe, 0x31, 0), /text in UTF-16; convert it with iconv/],
    [
      "a.orc",
      Uint8Array.of(0x4f, 0x52, 0x43, 10, 3),
      /an ORC file; write its rows as Parquet first/,
    ],
    [
      "a.7z",
      Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c),
      /a 7z archive; unpack it with 7z x/,
    ],
    [
      "a.h5",
      Uint8Array.of(0x89, 0x48, 0x44, 0x46),
      /an HDF5 file; write its rows as Parquet or CSV/,
    ],
    [
      "a.avro",
      Uint8Array.of(0x4f, 0x62, 0x6a, 1),
      /an Avro file; write its rows as Parquet first$/,
    ],
    ["a.db", bytes("SQLite format 3\0"), /an SQLite database; write its rows as CSV first$/],
    ["a.pkl", Uint8Array.of(0x80, 4, 0x95), /a Python pickle; write its rows as Parquet or CSV/],
    ["a.dat", Uint8Array.of(0x31, 0, 0x31), /it is no text: byte 1 is 0$/],
    ["a.bin", Uint8Array.of(0x31, 0, 0x31), /no multiple of the 160 of a row of MLPerf's binary/],
    ["a.parquet", bytes("PAR1 and no more"), /as Parquet: it does not end with PAR1, so it is cut/],
    ["a.parquet.gz", gzipSync("PAR1…"), /a parquet file in gzip; unpack it with gunzip first$/],
  ];
  for (const [name, data, message] of cases) await refused(name, data, message);
});

Deno.test("rows of another layout are refused, with the command that describes them", async () => {
  const last = CRITEO.map(([label, ...fields]) => [...fields, label!]);
  await refused(
    "last",
    text(last, "\t"),
    /its rows do not read as such \(line 1, column 14 \(I13\).*; deno task data schema .*last drafts/,
  );
  const lists = change(CRITEO, (field, c) => c === 16 ? "1,2" : field);
  await refused("lists", text(lists, "\t"), /holds lists of ids; deno task data schema/);
  // Words that other files begin with, too.
  const named = (first: string) => `${first},b,c,d,e,f\n` + "1,2,3,pv,5,0.98\n".repeat(20);
  for (const first of ["ORCID", "FEA1"]) {
    await refused(first, named(first), /its first lines have 6 columns between commas/);
  }
  const binary = `a,b,c,d\n${"1,2,3,4\n".repeat(40)}1,\0,3,4\n`;
  await refused("binary", binary, /it is no text, because there is a byte of 0 in it/);
  const six = "a,b,c,d,e,f\n" + "123456,234567,345678,pv,1511583876,0.98\n".repeat(1700);
  await refused("six", six, /its first lines have 6 columns between commas, where Criteo has 40/);
});

Deno.test("a log of one's own is not taken for a known one because it has as many columns", async () => {
  const rows = (columns: number) =>
    Array.from(
      { length: 60 },
      (_, i) =>
        Array.from({ length: columns }, (_, c) => `${c === 0 ? i % 2 : (i * (c + 3)) % 50}`),
    );
  const named = (columns: number) =>
    text(
      [Array.from({ length: columns }, (_, c) => c === 0 ? "click" : `f${c}`), ...rows(columns)],
      ",",
    );
  const hours = rows(5).map((fields, i) => [...fields.slice(0, 4), `${14102100 + i % 24}`]);
  const schema = "; deno task data schema .* drafts a schema of its columns, for --schema$";
  const cases: [string, string, string][] = [
    [
      "own5",
      text([["label", "user", "item", "device", "hour"], ...hours], ","),
      "its columns are called label, user, item, device, hour, which are not those of Criteo's,",
    ],
    [
      "own5-without-a-header",
      text(hours, ","),
      String
        .raw`as many columns as Taobao's log, but .* \(line 1, column 4 \(behaviour\): "0" is not one`,
    ],
    [
      "labelled-events",
      events((f, i) => [f[0]!, f[1]!, f[2]!, f[4]!, `${i % 2}`], ",", [
        ..."user_id,item_id,category_id,timestamp,click".split(","),
      ]),
      "its columns are called user_id, item_id, category_id, timestamp, click, which are not",
    ],
    ["own24", named(24), "its columns are called click, f1, f2, .*, …, which are not those of"],
    [
      "own24-without-a-header",
      text(rows(24), "\t"),
      "as many columns as Avazu's log, but its rows",
    ],
    ["own40", named(40), "its columns are called click, f1, f2, .*, …, which are not those of"],
    ["own39", named(39), "its columns are called click, f1, f2, .*, …, which are not those of"],
    ["own39-without-a-header", text(rows(39), "\t"), "its ids are not hexadecimal numbers"],
  ];
  for (const [name, data, why] of cases) {
    await refused(
      name,
      data,
      new RegExp(`Cannot recognise the format of .*${name}: .*${why}.*${schema}`),
    );
  }
});

Deno.test("events with other behaviours and dates are read as such where they are said to be", () =>
  inFolder(async (folder) => {
    const recoded = events(([u, i, c, , t]) => [u!, i!, c!, "1", `${Number(t) + 1e8}`]);
    await Deno.writeTextFile(`${folder}/events`, events((fields) => fields));
    await Deno.writeTextFile(`${folder}/recoded`, recoded);
    await assert.rejects(content(`${folder}/recoded`), /^UserError: Cannot recognise the format/);
    assert.deepEqual(
      await content(`${folder}/recoded`, { format: "taobao" }),
      await content(`${folder}/events`),
    );
  }));
