import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { loadMachine, type Machine, machineOf } from "../../sim/machine.ts";
import { simulate, type SimulateOptions } from "../../sim/simulate.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";
import { FREE, record, TOY, traceOf } from "./toy.ts";

const V100 = machineOf(await loadMachine("v100x4"));

/** Four GPUs in two nodes; a node sends 2 GB/s. */
const NODES: Machine = { ...TOY, network: { nodes: 2, bandwidth_gb_s: 2, latency_us: 7 } };

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found / expected - 1) < 1e-9, `${found}, expected ${expected}`);

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof UserError && message.test(error.message);

/** E of `record`: 200 vectors of 16 bytes; P: 16 dense parameters. */
const E = 3200, P = 64;

function options(over: Partial<SimulateOptions>, kind: MinibatchRecord["kind"] = "cold") {
  return {
    trace: traceOf([record("cold"), record("hot")].filter((one) => one.kind === kind)),
    machine: TOY,
    parameters: FREE,
    system: "gpu-only",
    gpus: 4,
    batch: 100,
    ...over,
  };
}

Deno.test("over two nodes what leaves a node takes the network, what stays the link of the node", () => {
  const one = simulate(options({})), two = simulate(options({ machine: NODES }));
  // Each of four GPUs holds a quarter of E and keeps a quarter of that, twice a minibatch.
  near(one.bytes.peer, 2 * (3 / 4) * (E / 4) + 2 * (3 / 4) * P);
  assert.equal(one.bytes.network, 0);
  near(two.bytes.peer, 2 * (1 / 4) * (E / 4) + 2 * (1 / 2) * P);
  near(two.bytes.network, 2 * (2 * (2 / 4) * (E / 4)) + 2 * (1 / 2) * P);
  const network = two.resources["network"]!;
  near(network.busy_ms, (3 * 7 + two.bytes.network / 2000) / 1000);
});

Deno.test("within one node the network is not used, and rows in one node's memory stay there", () => {
  const { epoch_ms } = simulate(options({ gpus: 2 }));
  assert.equal(simulate(options({ gpus: 2, machine: NODES })).epoch_ms, epoch_ms);
  assert.throws(
    () => simulate(options({ machine: NODES, system: "fae" })),
    refused(/^Cannot simulate fae on 4 GPUs of toy: they are in 2 nodes .* so give at most 2$/),
  );
  assert.throws(
    () => simulate(options({ machine: NODES, gpus: 3, batch: 50 })),
    refused(/^Cannot simulate 3 GPUs: .* must share them evenly$/),
  );
});

Deno.test("strong scaling keeps the minibatch, weak scaling makes it grow", () => {
  const trace = traceOf(Array.from({ length: 8 }, () => record("hot")));
  const at = (over: Partial<SimulateOptions>) => simulate(options({ trace, ...over }));
  assert.deepEqual([at({ gpus: 4 }).batch, at({ gpus: 4 }).minibatches], [100, 8]);
  const { batch: _, ...weak } = options({ trace });
  const grown = simulate({ ...weak, gpus: 4 });
  assert.deepEqual([grown.batch, grown.minibatches], [400, 2]);
});

Deno.test("FAE over sharded tables exchanges nothing in a hot minibatch and all-reduces the rows met", () => {
  const hot = simulate(options({ system: "fae-gpu-only" }, "hot"));
  const minibatch = 2 * (3 / 4) * (P + 150 * 16);
  // And the copies of 1000 hot rows to all GPUs and back.
  near(hot.bytes.peer, minibatch + 2 * (3 / 4) * 1000 * 16);
  const cold = options({}, "cold");
  const copied = simulate({ ...cold, system: "fae-gpu-only" });
  near(copied.minibatch_ms["cold"]!, simulate(cold).minibatch_ms["cold"]!);
});

Deno.test("Slipstream over sharded tables leaves out the share dropped of the hot minibatches", () => {
  const trace = traceOf([...Array(10).fill(record("cold")), ...Array(90).fill(record("hot"))]);
  const common = { ...options({ trace }), machine: V100, gpus: 1 };
  const all = simulate(common);
  // Without a window the artifact's warm-up of 1000 minibatches would take all of so short a trace.
  const marked = traceOf([
    ...Array(10).fill(record("cold")),
    record("window"),
    ...Array(90).fill(record("hot")),
  ]);
  const kept = simulate({ ...common, trace: marked, system: "slipstream-gpu-only", drop: 0.5 });
  near(kept.minibatches, 10 + 1 + 45);
  assert.ok(kept.epoch_ms < all.epoch_ms);
});

Deno.test("16-bit products take less time and fewer bytes, and a machine without them is refused", () => {
  const big = record("hot", { inputs: 100_000, lookups: 200_000, unique_rows: 150_000 });
  const trace = traceOf([big]);
  const header = { ...trace.header, batch: 100_000 };
  const common = {
    ...options({}),
    trace: { ...trace, header },
    machine: V100,
    gpus: 1,
    batch: 100_000,
  };
  const full = simulate(common), half = simulate({ ...common, precision: "half" });
  const busy = (result: typeof full) => result.resources["gpu:0"]!.busy_ms;
  assert.ok(busy(half) < busy(full) && half.bytes.gpu_memory < full.bytes.gpu_memory);
  assert.ok(half.stages.gather!.busy_ms === full.stages.gather!.busy_ms, "rows stay 32-bit");
  assert.throws(
    () => simulate({ ...common, precision: "tf32" }),
    refused(/^Cannot simulate tf32 on machine v100x4: it has no gpu\.tf32_gflop_s$/),
  );
});

Deno.test("an epoch costs the machine's price for its time, and its power while it works", () => {
  const machine: Machine = { ...TOY, cost: { dollars_an_hour: 8, gpu_w: 100, host_w: 40 } };
  const result = simulate(options({ machine, gpus: 2 }));
  const hours = result.epoch_ms / 3_600_000;
  near(result.cost.dollars!, hours * 8 / 2);
  const busy = ["gpu:0", "gpu:1"].reduce((n, name) => n + result.resources[name]!.busy_ms, 0);
  near(result.cost.energy_kwh!, (100 * busy / 3_600_000 + hours * 40 / 2) / 1000);
  assert.deepEqual(simulate(options({})).cost, { dollars: null, energy_kwh: null });
});

Deno.test("as TensorFlow runs it, vectors cross in 16 bits at half and every collective waits for its turn", () => {
  const machine: Machine = {
    ...TOY,
    gpu: { ...TOY.gpu, half_gflop_s: TOY.gpu.gflop_s },
    peer: { bandwidth_gb_s: 1, latency_us: 0 },
  };
  const at = (over: Partial<SimulateOptions>) => simulate(options({ machine, ...over }));
  const eager = at({}), wide = at({ system: "gpu-only-tf2" });
  const narrow = at({ system: "gpu-only-tf2", precision: "half" });
  const dense = 2 * (3 / 4) * P, vectors = 2 * (3 / 4) * (E / 4);
  near(eager.bytes.peer, vectors + dense);
  near(wide.bytes.peer, vectors + dense);
  near(narrow.bytes.peer, vectors / 2 + dense);
  // Two exchanges and an all-reduce wait half a millisecond each.
  near(wide.resources["peer"]!.busy_ms, eager.resources["peer"]!.busy_ms + 1.5);
  // Alone a GPU has nothing to exchange.
  assert.equal(at({ system: "gpu-only-tf2", gpus: 1 }).bytes.peer, 0);
});

Deno.test("a cache sends the different cold rows of a minibatch to the GPUs and back, and nothing of a hot one", () => {
  const cold = record("cold").unique_cold_rows * 16;
  assert.ok(cold > 0);
  const all = simulate(options({})), cached = simulate(options({ system: "gpu-cached" }));
  near(cached.bytes.upload, all.bytes.upload + cold);
  near(cached.bytes.download, all.bytes.download + cold);
  near(cached.bytes.host_memory, all.bytes.host_memory + 2 * cold);
  const hot = (system: string) => simulate(options({ system }, "hot")).epoch_ms;
  assert.equal(hot("gpu-cached"), hot("gpu-only"));
});

Deno.test("processors alone move nothing over the link, and their products take their FLOP", () => {
  const at = (gflop_s: number, gpus = 4) =>
    simulate(options({
      system: "cpu-dlrm",
      gpus,
      machine: { ...TOY, cpu: { ...TOY.cpu, gflop_s } },
    }));
  const one = at(1), two = at(2);
  assert.equal(one.bytes.upload + one.bytes.download + one.bytes.peer, 0);
  near(one.resources["cpu"]!.busy_ms, 2 * two.resources["cpu"]!.busy_ms);
  assert.equal(at(1, 1).epoch_ms, one.epoch_ms);
});
