/** What is said of a PNG without an image library. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import type { Screenshot } from "./page_report.ts";

/** Size and number of colours of a PNG with 8 bits a channel, as Chromium writes them. */
export function imageOf(png: Uint8Array): Screenshot {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  assert.equal(view.getUint32(0), 0x89504e47, "no PNG");
  const width = view.getUint32(16), height = view.getUint32(20);
  const channels = view.getUint8(25) === 6 ? 4 : 3, stride = width * channels;
  const packed: Uint8Array[] = [];
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const type = new TextDecoder().decode(png.subarray(at + 4, at + 8));
    if (type === "IDAT") packed.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const raw = inflateSync(new Uint8Array(Buffer.concat(packed)));
  const colours = new Set<number>();
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    const line = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    unfilter(line, above, channels, filter);
    for (let i = 0; i < stride; i += channels) {
      colours.add(line[i]! << 16 | line[i + 1]! << 8 | line[i + 2]!);
    }
    above = line;
  }
  return { width, height, colours: colours.size };
}

function unfilter(line: Uint8Array, above: Uint8Array, channels: number, filter: number): void {
  for (let i = 0; i < line.length; i++) {
    const a = line[i - channels] ?? 0, b = above[i]!, c = above[i - channels] ?? 0;
    line[i]! += filter === 1
      ? a
      : filter === 2
      ? b
      : filter === 3
      ? (a + b) >> 1
      : filter === 4
      ? paeth(a, b, c)
      : 0;
  }
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c, pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}
