import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import type { TableKeys } from "../../../data/table_keys.ts";
import { openDevice } from "../../../kernels/open.ts";
import type { Device } from "../../../kernels/types.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { loadWeightsById, saveWeights } from "../../../train/weights/weights.ts";
import { inFolder } from "../../data/rows.ts";

const ADAGRAD = { kind: "adagrad", eps: 1e-10 } as const;

function textKeys(name: string, texts: readonly string[], reserved: string[] = []): TableKeys {
  const bytes = texts.map((text) => new TextEncoder().encode(text));
  let end = 0;
  return {
    name,
    meaning: "text",
    reserved,
    ids: {
      kind: "texts",
      ends: Float64Array.from(bytes, ({ length }) => end += length),
      bytes: Uint8Array.from(bytes.flatMap((part) => [...part])),
    },
  };
}

function numberKeys(name: string, values: readonly number[], reserved: string[] = []): TableKeys {
  const ids = { kind: "numbers", values: Uint32Array.from(values) } as const;
  return { name, meaning: "decimal 32", reserved, ids };
}

const shapeOf = (rows: readonly number[]) => ({
  tableRows: rows,
  dim: 4,
  bottom: [2, 4],
  top: [7, 1],
});

/** Row r of table t is 100 t + r in all places, and its state one half more. */
async function numbered(device: Device, rows: readonly number[]): Promise<Dlrm> {
  const model = new Dlrm(device, shapeOf(rows), { optimizer: ADAGRAD, maxBatch: 4 });
  await model.initialise(1);
  const { tables } = model;
  for (const [t, count] of rows.entries()) {
    const values = Float32Array.from({ length: 4 * count }, (_, i) => 100 * t + (i >> 2));
    await tables.writeRows(tables.rowOffsets[t]!, values);
    await tables.writeState(tables.rowOffsets[t]!, values.map((value) => value + 0.5));
  }
  return model;
}

async function firstOf(model: Dlrm, what: "readRows" | "readState"): Promise<number[]> {
  const rows = model.tables.rows.reduce((sum, count) => sum + count, 0);
  const values = await model.tables[what](0, rows);
  return Array.from({ length: rows }, (_, r) => values[4 * r]!);
}

async function withSaved(
  body: (device: Device, folder: string) => Promise<void>,
  keys: readonly TableKeys[] | null,
): Promise<void> {
  const { device } = await openDevice({ device: "cpu", threads: 1 });
  try {
    await inFolder(async (folder) => {
      const model = await numbered(device, [4, 3]);
      const { tableRows, ...shape } = shapeOf([4, 3]);
      await saveWeights(
        model,
        { model: "dlrm", table_rows: tableRows, ...shape, optimizer: ADAGRAD },
        folder,
        keys,
      );
      model.dispose();
      await body(device, folder);
    });
  } finally {
    device.dispose();
  }
}

const SAVED = [numberKeys("C1", [7, 8, 9], ["rare"]), textKeys("C2", ["a", "bc", ""])];

Deno.test("rows are matched by id; those of new ids stay as they were initialised", () =>
  withSaved(async (device, folder) => {
    const keys = [numberKeys("C1", [9, 100, 7, 8], ["rare"]), textKeys("C2", ["", "new", "bc"])];
    const fresh = new Dlrm(device, shapeOf([5, 3]), { optimizer: ADAGRAD, maxBatch: 4 });
    await fresh.initialise(2);
    const before = await firstOf(fresh, "readRows");
    const loaded = await loadWeightsById(fresh, ADAGRAD, folder, { keys });
    assert.deepEqual(loaded, { withState: true, matched: "ids", unknown: 2 });
    const rows = await firstOf(fresh, "readRows");
    assert.deepEqual(rows, [0, 3, before[2], 1, 2, 102, before[6], 101]);
    assert.deepEqual(
      await firstOf(fresh, "readState"),
      [0.5, 3.5, 0, 1.5, 2.5, 102.5, 0, 101.5],
    );
    fresh.dispose();
  }, SAVED));

Deno.test("the same ids are the same rows, and a folder that says nothing is taken by number", async () => {
  for (const [saved, matched] of [[SAVED, "same ids"], [undefined, "number"]] as const) {
    await withSaved(async (device, folder) => {
      const model = new Dlrm(device, shapeOf([4, 3]), { optimizer: ADAGRAD, maxBatch: 4 });
      const loaded = await loadWeightsById(model, ADAGRAD, folder, { keys: SAVED });
      assert.deepEqual(loaded, { withState: true, matched, unknown: 0 });
      assert.deepEqual(await firstOf(model, "readRows"), [0, 1, 2, 3, 100, 101, 102]);
      model.dispose();
    }, saved as readonly TableKeys[] | null);
  }
});

Deno.test("rows that stand for something else are refused", async () => {
  const refused = (
    saved: readonly TableKeys[] | null,
    keys: readonly TableKeys[] | null,
    message: RegExp,
  ) =>
    withSaved(async (device, folder) => {
      const model = new Dlrm(device, shapeOf([4, 3]), { optimizer: ADAGRAD, maxBatch: 4 });
      await assert.rejects(loadWeightsById(model, ADAGRAD, folder, { keys }), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
      model.dispose();
    }, saved);
  await refused(null, SAVED, /rows stand for those of generated data, and the data are a log$/);
  await refused(SAVED, null, /rows stand for the ids of a log, and the data are generated$/);
  await refused(
    SAVED,
    [SAVED[0]!, { ...SAVED[1]!, name: "C9" }],
    /its tables are C1, C2, and those of the data are C1, C9/,
  );
  await refused(
    SAVED,
    [{ ...SAVED[0]!, meaning: "hexadecimal 32" }, SAVED[1]!],
    /table C1 stand for ids that are decimal 32, and the data's are hexadecimal 32/,
  );
});
