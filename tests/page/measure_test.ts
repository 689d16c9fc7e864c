import assert from "node:assert/strict";
import { RESULT_SCHEMA } from "../../bench/document_schema.ts";
import { compareResults } from "../../bench/compare/documents.ts";
import { kernelsExperiment } from "../../bench/experiments/kernels.ts";
import { writeReport } from "../../bench/report_page/mod.ts";
import { readResult } from "../../bench/results.ts";
import { runExperiment } from "../../bench/run_experiment.ts";
import { formatSealed } from "../../core/json_file.ts";
import { checkSchema } from "../../core/schema.ts";
import { openDevice } from "../../kernels/open.ts";
import { measureGpu } from "../../page/measure/measure_gpu.ts";
import type { MeasureEvent } from "../../page/measure/messages.ts";
import { settingsIn } from "../bench/made_up.ts";
import { inFolder } from "../data/rows.ts";

type Measured = Extract<MeasureEvent, { kind: "measured" }>;

/** Measures the CPU device as the page measures a GPU. */
async function measured(): Promise<{ events: MeasureEvent[]; found: Measured }> {
  const events: MeasureEvent[] = [];
  await measureGpu({
    maxRows: null,
    smoke: true,
    tell: (event) => events.push(event),
    openDevice: async () => (await openDevice({ device: "cpu", threads: 1 })).device,
  });
  const found = events.at(-1)!;
  assert.equal(found.kind, "measured");
  return { events, found: found as Measured };
}

Deno.test("what the page saves is read, reported and compared like a result of bench kernels", () =>
  inFolder(async (folder) => {
    const { events, found } = await measured();
    const shares = events.flatMap((event) => event.kind === "measuring" ? event.share ?? [] : []);
    assert.equal(shares.at(-1), 1);

    await Deno.writeTextFile(`${folder}/kernels.json`, formatSealed(found.document));
    const read = await readResult(`${folder}/kernels.json`);
    assert.deepEqual(read.tables, found.document.tables);
    const { refused } = await writeReport(folder);
    assert.deepEqual(refused, []);

    const settings = settingsIn(folder, { smoke: true, device: "cpu", threads: 1 });
    const { document } = await runExperiment(
      kernelsExperiment,
      settings,
      "deno task bench kernels",
    );
    const { experiments, left_out } = compareResults(
      { name: "page", documents: [read] },
      { name: "command", documents: [document] },
    );
    assert.deepEqual(left_out, []);
    assert.equal(experiments[0]!.samples.length, found.kernels.length);
  }));

Deno.test("a browser's own words for its environment fit the schema of results", async () => {
  const { found: { document, kernels, limits } } = await measured();
  const environment = { ...document.environment, deno: "Mozilla/5.0", v8: "", typescript: "" };
  checkSchema(
    RESULT_SCHEMA,
    { ...document, environment: { ...environment, arch: "", cpu_model: null } },
    "Cannot read it",
  );
  for (const { us, gflop_s, flops, share, by } of kernels) {
    assert.ok(us > 0 && Math.abs(gflop_s * us * 1000 / flops - 1) < 1e-9 || flops === 0);
    assert.ok(share! > 0 && (by === "arithmetic" || by === "memory"));
  }
  assert.ok(limits!.gflop_s > 0 && limits!.cache_gb_s >= limits!.gb_s);
});
