import assert from "node:assert/strict";
import { createInputs } from "../../../data/inputs.ts";
import { RowReader } from "../../../data/row_reader.ts";
import type { DatasetSchema, Reader } from "../../../data/types.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { BatchSource } from "../../../train/run/batches.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { evaluate } from "../../../train/run/evaluate.ts";
import { SMALL_SHAPE } from "../model/dlrm_cases.ts";

/** Input i has dense values, ids and a label that its number gives. */
function numbered(count: number, schema: DatasetSchema): Reader {
  return new RowReader(schema, { kind: "sequential" }, {
    count,
    write(i, into, b, size) {
      schema.dense.forEach((_, j) => into.dense[b * schema.dense.length + j] = Math.sin(i + j));
      schema.tables.forEach(({ rows }, t) => into.ids[t * size + b] = i % rows);
      into.labels[b] = Number(Math.sin(7 * i) > 0);
    },
  });
}

Deno.test("evaluate() counts every input once, whatever the minibatch, beyond what is read back at once", async () => {
  const schema: DatasetSchema = {
    format: "made up",
    dense: ["a", "b", "c"],
    tables: SMALL_SHAPE.tableRows.map((rows, t) => ({ name: `T${t}`, rows })),
  };
  const count = 70_001;
  using device = await openCpuDevice({ threads: 1 });
  const model = new Dlrm(device, SMALL_SHAPE, { optimizer: { kind: "sgd" }, maxBatch: 4096 });
  await model.initialise(5);
  const reader = numbered(count, schema);
  const metrics = async (batch: number) =>
    await evaluate(model, new BatchSource(reader, schema, model.tables.rows, batch), batch);
  const one = await metrics(4096);
  assert.equal(one.count, count);
  const all = createInputs(schema, count);
  reader.read(0, count, all);
  assert.equal(one.label_rate, all.labels.reduce((sum, y) => sum + y, 0) / count);
  // A row's logit has the same bits in a minibatch of any size, and sums are taken in the order of the inputs.
  assert.deepEqual(await metrics(1000), one);
  model.dispose();
});
