import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { FrameCutter, FrameError, type FramePart } from "../../data/zstd_frames.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const frame = (text: string) => Uint8Array.from(zstdCompressSync(bytes(text)));
const skippable = (length: number) => {
  const all = new Uint8Array(8 + length).fill(7);
  all.set([0x53, 0x2a, 0x4d, 0x18, length, 0, 0, 0]);
  return all;
};

/** The frames that a file is cut into, whatever pieces it comes in. */
function frames(pieces: readonly Uint8Array[]): { skippable: boolean; bytes: number[] }[] {
  const cutter = new FrameCutter();
  const found: { skippable: boolean; bytes: number[] }[] = [];
  let open: FramePart[] = [];
  for (const piece of pieces) {
    for (const part of cutter.cut(piece)) {
      open.push({ ...part, bytes: part.bytes.slice() });
      if (!part.last) continue;
      found.push({ skippable: part.skippable, bytes: open.flatMap((one) => [...one.bytes]) });
      open = [];
    }
  }
  assert.equal(cutter.complete, open.length === 0);
  return found;
}

Deno.test("frames are cut where they end, wherever the pieces of a file are cut", () => {
  const parts = [
    frame("a".repeat(300_000)),
    skippable(3),
    frame(""),
    skippable(0),
    frame(Array.from({ length: 40_000 }, (_, i) => (i * i) % 1009).join(",")),
  ];
  const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
  const expected = parts.map((part, i) => ({ skippable: i % 2 === 1, bytes: [...part] }));
  assert.deepEqual(frames([whole]), expected);
  assert.deepEqual(frames(Array.from(whole, (_, i) => whole.subarray(i, i + 1))), expected);
  for (const step of [2, 7, 1000]) {
    const pieces = Array.from(
      { length: Math.ceil(whole.length / step) },
      (_, i) => whole.subarray(i * step, (i + 1) * step),
    );
    assert.deepEqual(frames(pieces), expected, `pieces of ${step}`);
  }
});

Deno.test("a file that ends within a frame is not complete, and what is no frame is refused", () => {
  const whole = frame("abc".repeat(1000));
  const cutter = new FrameCutter();
  assert.equal(cutter.complete, true);
  assert.deepEqual([...cutter.cut(whole.subarray(0, whole.length - 1))].at(-1)!.last, false);
  assert.equal(cutter.complete, false);
  assert.throws(() => [...new FrameCutter().cut(bytes("plain text"))], FrameError);
  assert.throws(
    () => [...new FrameCutter().cut(Uint8Array.from([...whole, 1, 2, 3, 4, 5]))],
    FrameError,
  );
});
