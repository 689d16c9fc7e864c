import assert from "node:assert/strict";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatSi,
} from "../../core/format.ts";

Deno.test("formatCount() puts commas between thousands", () => {
  assert.deepEqual([0, 999, 1000, 33_762_577, -1234].map(formatCount), [
    "0",
    "999",
    "1,000",
    "33,762,577",
    "-1,234",
  ]);
});

Deno.test("formatSi() keeps three digits", () => {
  assert.deepEqual(
    [0, 7, 0.5, 12.34, 999.4, 999.6, 13_800, 2.16e9, -1500, NaN, Infinity].map(formatSi),
    ["0", "7", "0.50", "12.3", "999", "1.00 k", "13.8 k", "2.16 G", "-1.50 k", "-", "-"],
  );
});

Deno.test("formatBytes() uses decimal units", () => {
  assert.deepEqual([12, 2_160_000_000].map(formatBytes), ["12 B", "2.16 GB"]);
});

Deno.test("formatDuration() and formatClock() carry over", () => {
  assert.deepEqual([0.424, 12.34, 59.97, 125, 3725, NaN].map(formatDuration), [
    "0.42 s",
    "12.3 s",
    "1:00",
    "2:05",
    "1:02:05",
    "-",
  ]);
  assert.deepEqual([7, 59.6, 3599.7].map(formatClock), ["0:07", "1:00", "1:00:00"]);
});
