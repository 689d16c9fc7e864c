import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { UserError } from "../../../core/errors.ts";
import {
  SafetensorsFile,
  type TensorSource,
  writeSafetensors,
} from "../../../train/weights/safetensors.ts";

async function inFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function floats(name: string, shape: number[], ...chunks: number[][]): TensorSource {
  return {
    name,
    dtype: "F32",
    shape,
    *chunks() {
      for (const chunk of chunks) yield Float32Array.from(chunk);
    },
  };
}

/** A file of a header text and some bytes, as a stranger might write it. */
function rawFile(header: string, dataBytes = 0, length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

Deno.test("writeSafetensors() lays out header and data as the format says", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeSafetensors(path, [floats("w", [2, 2], [1, 2, 3], [4])], { note: "hé" });
    const bytes = await Deno.readFile(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assert.equal(length % 8, 0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    assert.deepEqual(JSON.parse(header), {
      __metadata__: { note: "hé" },
      w: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
    });
    assert.deepEqual([...new Float32Array(bytes.buffer.slice(8 + length))], [1, 2, 3, 4]);
  }));

Deno.test("SafetensorsFile reads back what was written, whole and in part", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeSafetensors(path, [
      {
        name: "steps",
        dtype: "I64",
        shape: [1],
        async *chunks() {
          yield await Promise.resolve(BigInt64Array.of(-5n));
        },
      },
      floats("table.0", [3, 2], [0, 1], [], [2, 3, 4, 5]),
      { name: "ids", dtype: "U32", shape: [2], chunks: () => [Uint32Array.of(7, 0xffffffff)] },
      floats("scalar", [], [9]),
      floats("empty", [0, 4]),
      floats("__proto__", [1], [8]),
      { name: "times", dtype: "F64", shape: [1], chunks: () => [Float64Array.of(0.1)] },
      { name: "flags", dtype: "U8", shape: [3], chunks: () => [Uint8Array.of(1, 0, 255)] },
    ], { format: "pt" });
    using file = SafetensorsFile.open(path);
    assert.deepEqual([...file.metadata], [["format", "pt"]]);
    assert.deepEqual([...file.tensors.keys()].sort(), [
      "__proto__",
      "empty",
      "flags",
      "ids",
      "scalar",
      "steps",
      "table.0",
      "times",
    ]);
    assert.deepEqual([...file.readFloats("table.0", 0, 6)], [0, 1, 2, 3, 4, 5]);
    assert.deepEqual([...file.readFloats("table.0", 2, 3)], [2, 3, 4]);
    assert.deepEqual([...file.readFloats("scalar", 0, 1)], [9]);
    assert.deepEqual([...file.readFloats("empty", 0, 0)], []);
    assert.deepEqual([...file.readFloats("__proto__", 0, 1)], [8]);
    const ids = new Uint32Array(2);
    file.readBytes(file.info("ids", "U32", [2]), 0, new Uint8Array(ids.buffer));
    assert.deepEqual([...ids], [7, 0xffffffff]);
    const steps = new BigInt64Array(1);
    file.readBytes(file.info("steps", "I64"), 0, new Uint8Array(steps.buffer));
    assert.equal(steps[0], -5n);
    assert.deepEqual(file.readElements("times", "F64", 0, 1), Float64Array.of(0.1));
    assert.deepEqual(file.readElements("flags", "U8", 1, 2), Uint8Array.of(0, 255));
    assert.throws(() => file.readElements("flags", "U32", 0, 1), {
      name: "UserError",
      message: `Cannot read ${path}: tensor flags is U8 and must be U32`,
    });
  }));

Deno.test("writeSafetensors() and readWhole() give every byte of the file in order", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const many = Float32Array.from({ length: 3 << 20 }, (_, i) => i);
    const joined = async (give: (take: (bytes: Uint8Array) => void) => Promise<void>) => {
      const pieces: Uint8Array[] = [];
      await give((bytes) => pieces.push(bytes.slice()));
      return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
    };
    const written = await joined((take) =>
      writeSafetensors(
        path,
        [floats("v", [1], [1]), { ...floats("w", [many.length]), chunks: () => [many] }],
        {},
        take,
      )
    );
    const bytes = await Deno.readFile(path);
    // Without `deepEqual`, which would compare twelve million bytes one by one.
    const same = (other: Uint8Array) => assert.equal(indexOfDifference(other, bytes), -1);
    same(written);
    using file = SafetensorsFile.open(path);
    same(await joined((take) => file.readWhole(take)));
  }));

function indexOfDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  return a.findIndex((byte, i) => byte !== b[i]);
}

Deno.test("SafetensorsFile says which tensor is missing or of another kind", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeSafetensors(path, [floats("w", [2, 2], [1, 2, 3, 4])]);
    using file = SafetensorsFile.open(path);
    const refuses = (body: () => unknown, reason: string) =>
      assert.throws(body, { name: "UserError", message: `Cannot read ${path}: ${reason}` });
    refuses(() => file.info("v"), "tensor v is missing");
    refuses(() => file.info("w", "I64"), "tensor w is F32 and must be I64");
    refuses(
      () => file.info("w", "F32", [4]),
      "tensor w has shape [2, 2] and must have [4]",
    );
    assert.throws(
      () => file.readFloats("w", 3, 2),
      new RangeError("Cannot read bytes 12 to 20 of tensor w: it has 16"),
    );
    assert.throws(() => file.readFloats("w", -1, 1), RangeError);
    Deno.truncateSync(path, (Deno.statSync(path).size) - 4);
    refuses(() => file.readFloats("w", 0, 4), "tensor w is cut short");
  }));

Deno.test("writeSafetensors() leaves nothing behind when it fails, and an old file as it was", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await Deno.writeTextFile(path, "old");
    const fails = (tensors: TensorSource[], error: Error) =>
      assert.rejects(writeSafetensors(path, tensors), error);
    await fails(
      [floats("w", [3], [1, 2])],
      new RangeError("Cannot write tensor w: its pieces hold 1 elements fewer than its shape [3]"),
    );
    await fails(
      [floats("w", [1], [1, 2])],
      new RangeError("Cannot write tensor w: its pieces hold more elements than its shape [1]"),
    );
    await fails(
      [{ ...floats("w", [1], [1]), dtype: "U32" }],
      new TypeError("Cannot write tensor w: a piece is a Float32Array, which is not U32"),
    );
    await fails(
      [floats("w", [0]), floats("w", [0])],
      new TypeError("Cannot write tensor w: the name is reserved or used twice"),
    );
    await fails(
      [floats("__metadata__", [0])],
      new TypeError("Cannot write tensor __metadata__: the name is reserved or used twice"),
    );
    await fails(
      [floats("w", [1.5])],
      new RangeError("Cannot write tensor w: its shape is [1.5]"),
    );
    const broken: TensorSource = {
      ...floats("w", [2]),
      *chunks() {
        yield Float32Array.of(1);
        throw new Error("lost");
      },
    };
    await fails([broken], new Error("lost"));
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["a.safetensors"]);
    assert.equal(await Deno.readTextFile(path), "old");
  }));

const W = '"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';
const HOSTILE: readonly (readonly [string, Uint8Array, string])[] = [
  ["an empty file", new Uint8Array(0), "it is shorter than a safetensors header"],
  ["seven bytes", new Uint8Array(7), "it is shorter than a safetensors header"],
  [
    "a huge header length",
    rawFile("{}", 0, 2n ** 63n),
    "its header would have 9223372036854776000 bytes, so it is not a safetensors file",
  ],
  ["a header cut short", rawFile("{}", 0, 40n), "it is cut short within its header"],
  ["no header at all", rawFile(""), "its header is not JSON"],
  ["a header that is not JSON", rawFile("{x}"), "its header is not JSON"],
  [
    "a header that is not UTF-8",
    new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]),
    "its header is not JSON",
  ],
  ["a header that is a list", rawFile("[]"), "its header is not a JSON object"],
  ["a header that starts with a blank", rawFile(" {}"), "its header is not a JSON object"],
  ["data cut short", rawFile(`{${W}}`, 7), "it is cut short: it has 69 bytes and needs 70"],
  ["data beyond the tensors", rawFile(`{${W}}`, 9), "it has 1 bytes that belong to no tensor"],
  ["a name used twice", rawFile(`{${W},${W}}`, 8), "tensor w occurs twice"],
  [
    "a name used twice, once escaped",
    rawFile(`{${W},${W.replace('"w"', '"\\u0077"')}}`, 8),
    "tensor w occurs twice",
  ],
  [
    "tensors that overlap",
    rawFile(`{${W},"v":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12),
    "tensor v overlaps another",
  ],
  [
    "two tensors in one place",
    rawFile(`{${W},${W.replace('"w"', '"v"')}}`, 8),
    "tensor v overlaps another",
  ],
  [
    "a gap",
    rawFile(`{${W},"v":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16),
    "there is a gap before tensor v",
  ],
  [
    "a length that does not fit the shape",
    rawFile('{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', 8),
    "tensor w has 8 bytes where its shape [3] needs 12",
  ],
  [
    "offsets in reverse",
    rawFile('{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}', 8),
    "tensor w has -8 bytes where its shape [2] needs 8",
  ],
  [
    "a negative offset",
    rawFile('{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}', 8),
    "tensor w has the offsets [-8,0], not two whole numbers",
  ],
  [
    "a shape beyond what numbers count exactly",
    rawFile(
      '{"w":{"dtype":"F32","shape":[4294967296,1048576],"data_offsets":[0,8]}}',
      8,
    ),
    "tensor w has 8 bytes where its shape [4294967296, 1048576] needs 18014398509481984",
  ],
  [
    "a shape that is no list of counts",
    rawFile('{"w":{"dtype":"F32","shape":[2.5],"data_offsets":[0,10]}}', 10),
    "tensor w has the shape [2.5], not whole numbers",
  ],
  [
    "an unknown dtype",
    rawFile('{"w":{"dtype":"toString","shape":[2],"data_offsets":[0,8]}}', 8),
    'tensor w has the unknown dtype "toString"',
  ],
  ["a tensor that is a number", rawFile('{"w":3}'), "tensor w is not described by an object"],
  ["metadata that are a list", rawFile('{"__metadata__":[]}'), "its metadata are not an object"],
  ["metadata of numbers", rawFile('{"__metadata__":{"a":1}}'), "metadata a is not a string"],
];

for (const [what, bytes, reason] of HOSTILE) {
  Deno.test(`SafetensorsFile.open() refuses ${what}`, () =>
    inFolder((folder) => {
      const path = `${folder}/bad.safetensors`;
      Deno.writeFileSync(path, bytes);
      assert.throws(() => SafetensorsFile.open(path), {
        name: "UserError",
        message: `Cannot read ${path}: ${reason}`,
      });
    }));
}

Deno.test("SafetensorsFile.open() refuses a folder and a missing file", () =>
  inFolder((folder) => {
    assert.throws(() => SafetensorsFile.open(`${folder}/none`), {
      name: "UserError",
      message: `Cannot read ${folder}/none: No such file or directory`,
    });
    assert.throws(() => SafetensorsFile.open(folder), UserError);
  }));

Deno.test("SafetensorsFile.open() accepts trailing blanks, nested keys and an empty file of tensors", () =>
  inFolder((folder) => {
    const path = `${folder}/a.safetensors`;
    const nested =
      '{"__metadata__":{"w":"}{,\\"w\\":"},"w":{"shape":[0],"dtype":"BF16","data_offsets":[0,0]}}  ';
    Deno.writeFileSync(path, rawFile(nested));
    using file = SafetensorsFile.open(path);
    assert.equal(file.metadata.get("w"), '}{,"w":');
    assert.equal(file.info("w").dtype, "BF16");
  }));

Deno.test("SafetensorsFile.open() answers any damage with a file or a UserError", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeSafetensors(path, [floats("w", [2], [1, 2]), floats("v", [1], [3])], { a: "b" });
    const good = await Deno.readFile(path);
    const edit = fc.record({
      at: fc.nat({ max: good.length - 1 }),
      byte: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 3 }), fc.nat({ max: good.length }), (edits, keep) => {
        const bytes = good.slice();
        for (const { at, byte } of edits) bytes[at] = byte;
        Deno.writeFileSync(path, edits.length > 0 ? bytes : bytes.subarray(0, keep));
        try {
          SafetensorsFile.open(path).close();
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      }),
      { seed: 8, numRuns: 300 },
    );
  }));
