import assert from "node:assert/strict";
import { UsageError } from "../../../core/errors.ts";
import {
  countParameters,
  PRESETS,
  resolveShape,
  type ShapeSource,
} from "../../../train/model/presets.ts";

function source(dense: number, rows: readonly number[]): ShapeSource {
  return {
    dense: Array.from({ length: dense }, (_, i) => `I${i + 1}`),
    tables: rows.map((count, i) => ({ name: `C${i + 1}`, rows: count })),
  };
}

const CRITEO = source(13, Array<number>(26).fill(3));
const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

Deno.test("PRESETS hold the published sizes", () => {
  assert.deepEqual(
    Object.values(PRESETS).map((preset) => [preset.tableRows.length, sum(preset.tableRows)]),
    [[3, 5_159_457], [26, 33_762_577], [26, 49_126_297], [21, 9_449_205]],
  );
});

Deno.test("resolveShape() gives rm2 and rm3 their published widths and parameter counts", () => {
  const rm2 = resolveShape(PRESETS.rm2, source(13, PRESETS.rm2.tableRows));
  assert.deepEqual(rm2.top, [367, 512, 256, 1]);
  assert.deepEqual(countParameters(rm2), { dense: 475_985, embedding: 16 * 33_762_577 });
  const rm3 = resolveShape(PRESETS.rm3, CRITEO, { tables: "published" });
  assert.deepEqual(rm3.top, [415, 512, 512, 256, 1]);
  assert.deepEqual(countParameters(rm3), { dense: 762_177, embedding: 64 * 49_126_297 });
  const rm4 = resolveShape(PRESETS.rm4, source(1, Array<number>(21).fill(3)));
  assert.equal(rm4.top[0], 247);
});

Deno.test("resolveShape() gives rm1 its published widths and parameter count", () => {
  const data = { ...source(1, PRESETS.rm1.tableRows), steps: 21 };
  const rm1 = resolveShape(PRESETS.rm1, data);
  assert.deepEqual(rm1, {
    tableRows: PRESETS.rm1.tableRows,
    dim: 16,
    bottom: [1, 16],
    top: [22, 15, 15],
    steps: 21,
    attention: [20, 15, 15, 20],
    final: [30, 60, 1],
  });
  assert.deepEqual(countParameters(rm1), { dense: 3_638, embedding: 16 * 5_159_457 });
});

Deno.test("resolveShape() replaces rm1's widths and follows the data's steps", () => {
  const data = { ...source(2, [9, 4]), steps: 6 };
  const widths = { dim: 4, bottom: [2, 4], top: [8, 5], attention: [], final: [7, 1] };
  const shape = resolveShape(PRESETS.rm1, data, widths);
  assert.deepEqual(shape, {
    tableRows: [9, 4],
    dim: 4,
    bottom: [2, 4],
    top: [7, 8, 5],
    steps: 6,
    attention: [5, 5],
    final: [10, 7, 1],
  });
  assert.deepEqual(resolveShape(PRESETS.rm1, data, { ...widths, final: [10, 7, 1] }), shape);
});

Deno.test("resolveShape() keeps sequences to rm1 and single inputs to the others", () => {
  const single = source(1, [9, 4, 5]), sequences = { ...single, steps: 21 };
  const refuses = (name: "rm1" | "rm4", data: ShapeSource, message: RegExp, widths = {}) =>
    assert.throws(() => resolveShape(PRESETS[name], data, widths), { name: "UserError", message });
  refuses(
    "rm1",
    single,
    /model.preset rm1: it takes sequences of time steps and the data has none/,
  );
  refuses(
    "rm4",
    sequences,
    /model.preset rm4: it takes single inputs .* 21 time steps, so give model.preset rm1/,
  );
  refuses("rm1", { ...single, steps: 1 }, /the data's sequences have 1 time step/);
  refuses("rm4", single, /model.shape.attention 15-15: model.preset rm4 has no such MLP/, {
    attention: [15, 15],
  });
  refuses("rm4", single, /model.shape.final 60-1: model.preset rm4 has no such MLP/, {
    final: [60, 1],
  });
  refuses("rm1", sequences, /model.shape.final 60-2: the last width is 2 and must be 1/, {
    final: [60, 2],
  });
  refuses("rm1", sequences, /model.shape.top 15-1: the last width is 1 and must be at least 2/, {
    top: [15, 1],
  });
});

Deno.test("resolveShape() sizes tables by the data, by publication or by hand", () => {
  const small = source(13, [3, 5]);
  assert.deepEqual(resolveShape(PRESETS.rm2, small).tableRows, [3, 5]);
  assert.deepEqual(resolveShape(PRESETS.rm2, small, { tables: [4, 5] }).tableRows, [4, 5]);
  const published = resolveShape(PRESETS.rm2, CRITEO, { tables: "published" });
  assert.deepEqual(published.tableRows, PRESETS.rm2.tableRows);
});

Deno.test("resolveShape() replaces widths, with or without the top's computed first one", () => {
  const widths = { dim: 4, bottom: [13, 8, 4], top: [8, 1] };
  const small = source(13, [3, 5]);
  assert.deepEqual(resolveShape(PRESETS.rm2, small, widths), {
    tableRows: [3, 5],
    dim: 4,
    bottom: [13, 8, 4],
    top: [7, 8, 1],
  });
  assert.deepEqual(resolveShape(PRESETS.rm2, small, { ...widths, top: [7, 8, 1] }).top, [7, 8, 1]);
  assert.deepEqual(resolveShape(PRESETS.rm2, small, { ...widths, top: [1] }).top, [7, 1]);
});

Deno.test("resolveShape() names the field whose width does not fit", () => {
  const refuses = (
    overrides: Parameters<typeof resolveShape>[2],
    message: string,
    data = CRITEO,
  ) => assert.throws(() => resolveShape(PRESETS.rm2, data, overrides), new UsageError(message));
  refuses(
    {},
    "Cannot use model.preset rm2: its bottom MLP takes 13 dense columns and the data has 1, so give model.shape.bottom 1-512-256-64-16 or another model.preset",
    source(1, [3]),
  );
  refuses(
    { bottom: [12, 16] },
    "Cannot use model.shape.bottom 12-16: its bottom MLP takes 12 dense columns and the data has 13, so give model.shape.bottom 13-16 or another model.preset",
  );
  refuses(
    { dim: 32 },
    "Cannot use model.shape.dim 32: the bottom MLP 13-512-256-64-16 ends in 16 and must end in the embedding dim, so give model.shape.bottom 13-512-256-64-32 or model.shape.dim 16",
  );
  refuses(
    { top: [8, 2] },
    "Cannot use model.shape.top 8-2: the last width is 2 and must be 1, the logit",
  );
  refuses(
    { tables: [7, 8] },
    "Cannot use model.shape.tables 7-8: it gives 2 tables and the data has 26",
  );
  refuses(
    { tables: [7, 2] },
    "Cannot use model.shape.tables 7-2: table C2 would have 2 rows and the data has 5 different ids",
    source(13, [7, 5]),
  );
  refuses(
    { dim: 0 },
    "Cannot use model.shape.dim 0: it must be whole numbers of at least 1",
  );
});
