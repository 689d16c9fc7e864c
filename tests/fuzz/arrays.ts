/** Arrays that other programs wrote, changed as bytes or as numbers: taken as a slow reader takes them, or as they were. */

import assert from "node:assert/strict";
import { ArrayRows } from "../../data/arrays/array_rows.ts";
import { ArrayFile } from "../../data/arrays/array_file.ts";
import { MLPERF_COLUMNS } from "../../data/arrays/formats.ts";
import { ArrayOpener } from "../../data/arrays/parts.ts";
import { readZip } from "../../data/arrays/zip.ts";
import { RowBlock } from "../../data/row_block.ts";
import type { TextFile } from "../../data/text_source.ts";
import { int32Rows, npy, npz } from "../data/arrays/write_arrays.ts";
import { type Draw, mutateBytes } from "./draw.ts";
import { scratchFolder } from "./scratch.ts";
import { type Subject, type Verdict, verdictOf } from "./subject.ts";

const folder = await scratchFolder();

type Element = Parameters<typeof npy>[0];

/** A header that NumPy reads alike. */
function respell(bytes: Uint8Array, draw: Draw): Uint8Array {
  const text = String.fromCharCode(...bytes);
  const changed = draw.of(
    [
      [/<[if][48]/, draw.of(["<i2", "<u8", "<f2", "|b1", ">i4", "<c8", "|O", "<f4", "|i1", "=i4"])],
      [/False|True/, draw.of(["True", "False", "None"])],
      [/\((\d+), ?(\d*)\)/, draw.of(["(2, 3)", "(6,)", "()", "(1, 2, 3)", "(-2, 3)", "(1e3,)"])],
      [/\((\d+), ?(\d*)\)/, draw.of(["(99999999999, 9)", "(0, 5)", "(2,   1)", "( 3, 1 )"])],
      [/'shape'/, draw.of(["'shapes'", '"shape"', "'descr'"])],
    ] as const,
  );
  const spelt = text.replace(...changed as [RegExp, string]);
  const end = text.indexOf("\n") + 1;
  // The header keeps its length: blanks before its end give or take what the change needs.
  const head = spelt.slice(0, spelt.indexOf("\n")).trimEnd();
  const fitted = head.length < end ? `${head.padEnd(end - 1)}\n` : head.slice(0, end);
  return Uint8Array.from(fitted + text.slice(end), (c) => c.charCodeAt(0));
}

function someArray(draw: Draw): Uint8Array {
  const columns = draw.below(4), numbers = () => draw.below(200);
  const row = () => columns === 0 ? numbers() : Array.from({ length: columns }, numbers);
  const rows = Array.from({ length: draw.below(6) }, row);
  return npy(draw.of<Element>(["i4", "i8", "f4", "f8", "u1"]), rows, {
    fortranOrder: draw.chance(0.3),
    version: draw.of([1, 2]),
  });
}

function changedArray(draw: Draw): Uint8Array {
  const bytes = someArray(draw);
  return draw.chance(0.5) ? respell(bytes, draw) : mutateBytes(bytes, draw);
}

/** How a number of each type is taken from a view. */
const READ: Readonly<Record<string, readonly [number, (view: DataView, at: number) => number]>> = {
  b1: [1, (view, at) => view.getUint8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  f2: [2, (view, at) => view.getFloat16(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  f4: [4, (view, at) => view.getFloat32(at, true)],
  u8: [8, (view, at) => Number(view.getBigUint64(at, true))],
  i8: [8, (view, at) => Number(view.getBigInt64(at, true))],
  f8: [8, (view, at) => view.getFloat64(at, true)],
};

/** Rows of an array as the format says, read with a view of its bytes; null for what is none. */
function readNpySlowly(bytes: Uint8Array): number[][] | null {
  const text = String.fromCharCode(...bytes);
  if (!text.startsWith("\x93NUMPY") || ![1, 2, 3].includes(bytes[6]!)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = bytes[6] === 1 ? 10 : 12;
  if (bytes.length < begin) return null;
  const end = begin + (begin === 10 ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = text.slice(begin, end);
  const kind = /'descr':\s*'[<|=]?([biuf][1248])'/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]+)\)/.exec(header)?.[1]?.match(/\d+/g)?.map(Number);
  const columnsFirst = /'fortran_order':\s*True/.test(header);
  if (kind === undefined || READ[kind] === undefined) return null;
  if (sizes === undefined || sizes.length > 2 || end > bytes.length) return null;
  const [rows, columns = 1] = sizes as [number, number?];
  const [width, read] = READ[kind];
  if (end + rows * columns * width > bytes.length) return null;
  return Array.from(
    { length: rows },
    (_, r) =>
      Array.from(
        { length: columns },
        (_, c) => read(view, end + width * (columnsFirst ? c * rows + r : r * columns + c)),
      ),
  );
}

async function rowsOf(array: ArrayFile): Promise<number[][]> {
  const { rows, columns } = array;
  const numbers = new Float64Array(rows * columns);
  await array.read(0, rows, numbers);
  return Array.from({ length: rows }, (_, r) => [
    ...numbers.subarray(r * columns, (r + 1) * columns),
  ]);
}

const arrays: Subject = {
  name: "array-npy",
  make: changedArray,
  check: async (input) => {
    const path = `${folder}/a.npy`;
    await Deno.writeFile(path, input);
    return await verdictOf(async () => {
      using array = await ArrayFile.openNpy({ path, name: "a.npy" });
      // Arrays of no rows or columns may claim any number of the others.
      if (array.rows * array.columns === 0) return;
      assert.deepEqual(await rowsOf(array), readNpySlowly(input));
    });
  },
};

const NAMES = ["X_int", "X_cat", "y"] as const;
const MEMBERS = {
  X_int: npy("i4", [[1, 2], [3, 4], [5, 6]]),
  X_cat: npy("i4", [[7, 8, 9], [10, 11, 12], [13, 14, 15]]),
  y: npy("f4", [0, 1, 1]),
};
const ORIGINAL = Object.values(MEMBERS).map(readNpySlowly);

/** How the archive was changed, and its bytes. */
const BYTES = 0, MEMBER = 1;

const archives: Subject = {
  name: "array-npz",
  make: (draw) => {
    const how = { compressed: draw.chance(0.5), zip64: draw.chance(0.3) };
    if (draw.chance(0.5)) return new Uint8Array([BYTES, ...mutateBytes(npz(MEMBERS, how), draw)]);
    return new Uint8Array([MEMBER, ...npz({ ...MEMBERS, y: changedArray(draw) }, how)]);
  },
  check: async (input) => {
    const path = `${folder}/a.npz`;
    await Deno.writeFile(path, input.subarray(1));
    return await verdictOf(async () => {
      await using opener = new ArrayOpener(folder);
      const members = await readZip(path);
      for (const name of NAMES) {
        const rows = await rowsOf(await opener.member({ path } as TextFile, members, name));
        if (input[0] === MEMBER && name === "y") continue;
        // A changed name may swap them; each has its checksum.
        assert.ok(ORIGINAL.some((one) => JSON.stringify(one) === JSON.stringify(rows)), name);
      }
    });
  },
};

const DENSE = 13, TABLES = 26;
const RULES = {
  logarithm: true,
  maxIndexRange: 0,
  dense: Array.from({ length: DENSE }, (_, j) => `I${j + 1}`),
  tables: Array.from({ length: TABLES }, (_, t) => `C${t + 1}`),
  lookups: Array(TABLES).fill(1),
};
const BLOCK = new RowBlock(DENSE, TABLES);

/** Rows of int32 as MLPerf's: label, dense values as ln(x + 1), ids; null for what is none. */
function mlperfRow(numbers: readonly number[]): number[] | null {
  const [label, ...rest] = numbers as [number, ...number[]];
  const dense = rest.slice(0, DENSE).map((x) =>
    Math.fround(Math.log(Math.fround(Math.fround(x) + 1)))
  );
  const ids = rest.slice(DENSE);
  const good = (label === 0 || label === 1) && dense.every(Number.isFinite) &&
    ids.every((id) => id >= 0);
  return good ? [label, ...dense, ...ids] : null;
}

const binaries: Subject = {
  name: "array-binary",
  make: (draw) => {
    const row = () => [
      draw.below(2),
      ...Array.from({ length: DENSE }, () => draw.chance(0.01) ? -1 : draw.below(50)),
      ...Array.from({ length: TABLES }, () => draw.below(1000)),
    ];
    const bytes = int32Rows(Array.from({ length: 1 + draw.below(4) }, row));
    return draw.chance(0.5) ? mutateBytes(bytes, draw) : bytes;
  },
  check: async (input): Promise<Verdict> => {
    const path = `${folder}/day_0.bin`;
    await Deno.writeFile(path, input);
    using array = await ArrayFile.openRaw({ path, name: "day_0.bin" }, "i4", MLPERF_COLUMNS);
    BLOCK.rows = 0;
    const columns = (first: number, count: number) => ({ array, first, count });
    const part = {
      rows: array.rows,
      labels: columns(0, 1),
      dense: columns(1, DENSE),
      ids: [columns(1 + DENSE, TABLES)],
      counts: null,
    };
    const bad: number[] = [];
    const rows = new ArrayRows(RULES, null);
    await rows.append(part, 0, array.rows, BLOCK, ({ row }) => bad.push(row));
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    const wanted = Array.from(
      { length: Math.floor(input.length / (4 * MLPERF_COLUMNS)) },
      (_, r) =>
        mlperfRow(
          Array.from(
            { length: MLPERF_COLUMNS },
            (_, c) => view.getInt32(4 * (r * MLPERF_COLUMNS + c), true),
          ),
        ),
    );
    const { stride } = BLOCK;
    const taken = Array.from({ length: BLOCK.rows }, (_, r) => [
      BLOCK.labels[r]!,
      ...RULES.dense.map((_, j) => BLOCK.dense[j * stride + r]!),
      ...RULES.tables.map((_, t) => BLOCK.ids[t * stride + r]!),
    ]);
    assert.deepEqual(taken, wanted.filter((row) => row !== null));
    assert.deepEqual(bad, wanted.flatMap((row, r) => row === null ? [r] : []));
    return bad.length === 0 && taken.length > 0 ? "accepted" : "refused";
  },
};

/** Arrays by how they lie in files. */
export const ARRAYS: readonly Subject[] = [arrays, archives, binaries];
