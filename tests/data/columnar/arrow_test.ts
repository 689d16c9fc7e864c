import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import {
  columnFromArray,
  dateDay,
  tableFromArrays,
  tableFromColumns,
  tableToIPC,
  timestamp,
  TimeUnit,
} from "../../../core/npm/flechette.ts";
import { UserError } from "../../../core/errors.ts";
import { openColumnar } from "../../../data/columnar/open.ts";
import { unpackLz4 } from "../../../data/columnar/lz4.ts";
import { findTextFile } from "../../../data/text_source.ts";
import { inFolder } from "../rows.ts";
import { packStream } from "./pack_arrow.ts";

const TABLE = tableFromArrays({
  label: Array.from({ length: 70 }, (_, i) => i % 2),
  user: Array.from({ length: 70 }, (_, i) => `user ${i % 9}`),
  price: Array.from({ length: 70 }, (_, i) => i % 5 === 0 ? null : i / 4),
  tags: Array.from({ length: 70 }, (_, i) => Array.from({ length: i % 4 }, (_, k) => `t${k}`)),
});

async function contentOf(bytes: Uint8Array): Promise<unknown> {
  let content: unknown;
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/f`, bytes);
    const file = await openColumnar(await findTextFile(`${folder}/f`));
    const [group] = await Array.fromAsync(file.groups());
    const columns = await Promise.all(file.names.map((name) => group!.read(name)));
    content = [file.names, columns.map((column) => JSON.stringify(Array.from(column)))];
  });
  return content;
}

/** A frame of one block that is stored as it is. */
function storedFrame(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(7 + 4 + bytes.length + 4), view = new DataView(frame.buffer);
  view.setUint32(0, 0x184d2204, true);
  view.setUint32(7, bytes.length + 2 ** 31, true);
  frame.set(bytes, 11);
  return frame;
}

Deno.test("packed Arrow is read as Arrow that is not", async () => {
  const plain = tableToIPC(TABLE, { format: "stream" })!;
  const expected = await contentOf(plain);
  assert.deepEqual(await contentOf(packStream(plain, "zstd", zstdCompressSync)), expected);
  assert.deepEqual(await contentOf(packStream(plain, "lz4", storedFrame)), expected);
  // A buffer that packing would make longer is left as it is.
  const some = (buffer: Uint8Array) => buffer.length > 200 ? zstdCompressSync(buffer) : null;
  assert.deepEqual(await contentOf(packStream(plain, "zstd", some)), expected);
});

Deno.test("times of Arrow are times, whatever their unit", async () => {
  const when = [0, 1_700_000_000_000];
  const table = tableFromColumns({
    when: columnFromArray(when, timestamp(TimeUnit.MICROSECOND)),
    day: columnFromArray(when, dateDay()),
  });
  assert.deepEqual((await contentOf(tableToIPC(table, { format: "file" })!) as unknown[])[1], [
    '["1970-01-01T00:00:00.000Z","2023-11-14T22:13:20.000Z"]',
    '["1970-01-01T00:00:00.000Z","2023-11-14T00:00:00.000Z"]',
  ]);
});

Deno.test("what is packed wrongly is refused in a sentence", async () => {
  const plain = tableToIPC(TABLE, { format: "stream" })!;
  const wrong = [
    packStream(plain, "zstd", storedFrame),
    packStream(plain, "lz4", (buffer) => storedFrame(buffer.subarray(1))),
    packStream(plain, "zstd", (buffer) => zstdCompressSync(buffer.subarray(1))),
  ];
  for (const bytes of wrong) {
    await assert.rejects(contentOf(bytes), (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, /^Cannot read \S+ as Arrow: [^\n]+$/);
      return true;
    });
  }
});

Deno.test("an LZ4 frame repeats what stands in it, over its blocks", () => {
  const block = (...bytes: number[]) => [bytes.length, 0, 0, 0, ...bytes];
  const frame = Uint8Array.from([
    ...[0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0],
    // Four letters, then four more, two back: a match that overlaps itself. The last sequence has letters alone.
    ...block(0x40, 97, 98, 99, 100, 2, 0, 0x10, 33),
    // Eight, nine back, in the block before; then a letter.
    ...block(0x04, 9, 0, 0x10, 120),
    ...[0, 0, 0, 0],
  ]);
  const text = new TextDecoder().decode(unpackLz4(frame, 18));
  assert.equal(text, "abcdcdcd!" + "abcdcdcd" + "x");
  assert.throws(() => unpackLz4(frame, 17), RangeError);
  assert.throws(() => unpackLz4(frame.with(16, 9), 18), /repeats what is not there/);
  assert.throws(() => unpackLz4(frame.subarray(0, 20), 18), RangeError);
});
