import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { UserError } from "../../core/errors.ts";
import { loadMachine, machineOf, type MachinePath, withRates } from "../../sim/machine.ts";
import { loadPaperWorkload } from "../../sim/paper/workloads.ts";
import { explain } from "../../sim/explain.ts";
import { simulate } from "../../sim/simulate.ts";
import { SYSTEMS } from "../../sim/systems/mod.ts";
import { timeline } from "../../sim/timeline.ts";
import { minibatchGraph } from "../../sim/simulate.ts";
import { record, TOY, traceOf } from "./toy.ts";

const V100 = machineOf(await loadMachine("v100x4"));

const RECORDS = [
  record("cold"),
  record("cold", {
    inputs: 40,
    lookups: 80,
    unique_rows: 70,
    cold_lookups: 45,
    unique_cold_rows: 44,
  }),
  record("warm-up"),
  record("window"),
  record("hot", { skipped_inputs: 30 }),
  record("hot"),
];

/** Rates of which more is better. */
const RATES: readonly MachinePath[] = [
  "cpu.dram_stream_gb_s",
  "cpu.dram_random_gb_s",
  "link.pinned_upload_gb_s",
  "link.pinned_download_gb_s",
  "link.pageable_gb_s",
  "gpu.gflop_s",
  "gpu.memory_gb_s",
  "gpu.l2_gb_s",
  "peer.bandwidth_gb_s",
];

for (const system of SYSTEMS) {
  Deno.test(`${system.name}: more bandwidth is never slower`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RATES),
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.constantFrom(1, 2, 4),
        (path, factor, gpus) => {
          const options = { trace: traceOf(RECORDS), system, gpus, batchPerGpu: 100 / gpus };
          const [section, field] = path.split(".") as ["cpu", "dram_stream_gb_s"];
          const faster = withRates(V100, { [path]: V100[section][field] * factor });
          const before = simulate({ ...options, machine: V100 });
          const after = simulate({ ...options, machine: faster });
          assert.ok(after.epoch_ms <= before.epoch_ms * (1 + 1e-12));
        },
      ),
      { numRuns: 30 },
    );
  });

  Deno.test(`${system.name}: times of stages and of resources sum to the whole`, () => {
    const result = simulate({
      trace: traceOf(RECORDS),
      system,
      machine: V100,
      gpus: 2,
      batchPerGpu: 50,
    });
    for (const shares of [result.stages, result.resources]) {
      const exposed = Object.values(shares).reduce((sum, share) => sum + share.exposed_ms, 0);
      assert.ok(Math.abs(exposed / result.epoch_ms - 1) < 1e-9);
      for (const { busy_ms, exposed_ms, hidden_ms } of Object.values(shares)) {
        assert.ok(exposed_ms <= busy_ms * (1 + 1e-9) && hidden_ms >= 0);
      }
    }
    for (const { busy_ms } of Object.values(result.resources)) {
      assert.ok(busy_ms <= result.epoch_ms * (1 + 1e-9), "more than 100 % busy");
    }
  });

  Deno.test(`${system.name}: the same call gives the same bits`, () => {
    const options = { trace: traceOf(RECORDS), system, machine: V100, gpus: 2, batchPerGpu: 50 };
    assert.deepEqual(
      simulate(options),
      simulate(structuredClone({ ...options, system: system.name })),
    );
  });
}

for (const system of SYSTEMS.filter(({ skips }) => skips)) {
  Deno.test(`${system.name}: skipping more is never slower, the three blocks apart`, () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(1, 2, 4),
        (a, b, gpus) => {
          const at = (drop: number) => {
            const { epoch_ms, extras_ms } = simulate({
              trace: traceOf(RECORDS),
              system,
              machine: V100,
              gpus,
              batchPerGpu: 100 / gpus,
              drop,
            });
            return epoch_ms - Object.values(extras_ms).reduce((sum, ms) => sum + ms, 0);
          };
          const [less, more] = [Math.min(a, b), Math.max(a, b)];
          assert.ok(at(more) <= at(less) * (1 + 1e-12));
        },
      ),
      { numRuns: 50 },
    );
  });
}

Deno.test("identical minibatches are simulated once", () => {
  const system = SYSTEMS.find(({ name }) => name === "intel-dlrm")!;
  let built = 0;
  const counting = {
    ...system,
    minibatch(...args: Parameters<typeof system.minibatch>) {
      built++;
      system.minibatch(...args);
    },
  };
  const trace = traceOf(Array.from({ length: 1000 }, () => record("all")));
  assert.equal(simulate({ trace, machine: TOY, system: counting, gpus: 1 }).minibatches, 1000);
  assert.equal(built, 1);
});

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof UserError && message.test(error.message);

Deno.test("systems and GPUs that are not there, and traces that do not tell, are refused", () => {
  const options = { trace: traceOf(RECORDS), machine: V100, system: "fae", gpus: 1 };
  assert.throws(
    () => simulate({ ...options, system: "hotlin" }),
    refused(/^Cannot simulate system hotlin: did you mean hotline\?$/),
  );
  assert.throws(
    () => simulate({ ...options, gpus: 5 }),
    refused(/^Cannot simulate 5 GPUs: machine v100x4 has 4$/),
  );
  const plain = traceOf([record("all")]);
  for (const system of ["fae", "hotline", "slipstream"]) {
    assert.throws(
      () => simulate({ ...options, trace: plain, system }),
      refused(/does not tell hot inputs from cold ones/),
    );
  }
  assert.ok(simulate({ ...options, trace: plain, system: "xdl" }).epoch_ms > 0);
  assert.throws(
    () => simulate({ ...options, system: "slipstream", drop: 2 }),
    refused(/^Cannot skip a share of 2/),
  );
  const small = withRates(V100, { "gpu.memory_gb": 1e-6 });
  assert.throws(
    () => simulate({ ...options, system: "gpu-only", machine: small }),
    refused(/^Cannot simulate gpu-only: the rows take/),
  );
});

Deno.test("what is bought is what the time hangs on", () => {
  // Nothing but bytes over a link of 1 GB/s costs anything.
  const { purchases } = explain({
    trace: traceOf([record("all")]),
    machine: TOY,
    system: "intel-dlrm",
    gpus: 1,
  });
  assert.equal(purchases[0]!.path, "link.latency_us");
  assert.ok(purchases.some(({ path }) => path === "link.pageable_gb_s"));
  assert.ok(!purchases.some(({ path }) => path === "peer.bandwidth_gb_s"), "one GPU has no peer");
  for (const { time } of purchases) assert.ok(time < 1);
});

Deno.test("a timeline has every task once, on the thread of its resource", () => {
  const { graph } = minibatchGraph({
    trace: traceOf(RECORDS),
    machine: V100,
    system: "hotline",
    gpus: 1,
  });
  const { traceEvents } = timeline([{ name: "hotline", graph }]);
  const events = traceEvents as { ph: string; tid: number; ts: number; dur: number }[];
  assert.equal(events.filter(({ ph }) => ph === "X").length, graph.length);
  const resources = new Set(graph.map(({ resource }) => resource));
  assert.equal(
    new Set(events.flatMap(({ ph, tid }) => ph === "X" ? [tid] : [])).size,
    resources.size,
  );
  JSON.parse(JSON.stringify({ traceEvents }));
});

Deno.test("an epoch in closed form: hot and cold minibatches by their numbers, and what comes on top", async () => {
  const trace = await loadPaperWorkload("rm2");
  const { hot_inputs: hot, cold_inputs: cold } = trace.header.plan.hot!;
  const inputs = hot + cold, B = 4096, h = hot / inputs;
  const before = trace.runs.filter(({ record: { kind } }) =>
    kind === "warm-up" || kind === "window"
  )
    .reduce((sum, { record, times }) => sum + record.inputs * times, 0);
  const options = { trace, machine: V100, gpus: 4 };
  const cut = simulate({ ...options, system: "slipstream", drop: 0.2 });
  const { cold: tCold, hot: tHot } = cut.minibatch_ms as { cold: number; hot: number };
  const extras = (of: typeof cut) => Object.values(of.extras_ms).reduce((a, b) => a + b, 0);
  for (const s of [0.1, 0.3, 0.5]) {
    const one = simulate({ ...options, system: "slipstream", drop: s });
    const kept = 1 - s * (1 - before / hot);
    const epoch = inputs / B * ((1 - h) * tCold + h * kept * tHot) + extras(one);
    assert.ok(Math.abs(epoch / one.epoch_ms - 1) < 1e-3, `${epoch}, simulated ${one.epoch_ms}`);
  }
});
