import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { multiHotTrace } from "../../sim/multi_hot.ts";
import { simulate } from "../../sim/simulate.ts";

const TRACE = multiHotTrace();

Deno.test("MLPerf's multi-hot workload has its sizes, and no input is hot", () => {
  const { header, runs: [run] } = TRACE;
  assert.equal(header.model.table_rows.length, 26);
  assert.equal(header.lookups_per_input, 214);
  // 204 million rows of 128 floats: 104.5 GB.
  assert.equal(header.model.parameters.embedding, 204_184_588 * 128);
  const { record } = run!;
  assert.ok(record.unique_rows < record.lookups && record.unique_rows > record.lookups / 2);
  assert.ok(record.cold_lookups < record.lookups && record.unique_cold_rows <= record.unique_rows);
  assert.equal(header.plan.hot!.hot_inputs, 0);
  assert.ok(header.plan.hot!.memory_bytes <= 2 ** 28);
});

Deno.test("its rows fit eight GPUs of today and not the paper's machine, where FAE gains nothing", async () => {
  const v100 = machineOf(await loadMachine("v100x4")),
    h100 = machineOf(await loadMachine("h100x8"));
  const at = (system: string, machine = v100, gpus = 4) =>
    simulate({ trace: TRACE, machine, system, gpus });
  assert.throws(
    () => at("gpu-only"),
    (error) =>
      error instanceof UserError &&
      /^Cannot simulate gpu-only: the rows take 104\.5 GB and 4 GPUs of v100x4 have 64$/
        .test(error.message),
  );
  assert.ok(at("gpu-only", h100, 8).epoch_ms > 0);
  assert.equal(at("fae").minibatch_ms["cold"], at("pytorch-hybrid").minibatch_ms["cold"]);
  // Vectors are sums of their lookups: what goes over the link does not grow with the ids of an input.
  const { bytes, minibatches } = at("pytorch-hybrid");
  const vectors = 4 * 1024 * 26 * 128 * 4;
  assert.ok(bytes.upload / minibatches < 1.1 * vectors && bytes.upload / minibatches > vectors);
});
