import assert from "node:assert/strict";
import { runGraph } from "../../sim/engine.ts";
import { withRates } from "../../sim/machine.ts";
import { minibatchGraph, simulate } from "../../sim/simulate.ts";
import { START_PARAMETERS } from "../../sim/parameters.ts";
import { EACH, FREE, record, TOY, traceOf } from "./toy.ts";

const BATCH = 100;
/** Bytes of a minibatch's vectors: 200 lookups of 16 bytes. */
const E = 3200;
/** Dense parameters of the toy model in bytes. */
const P = 64;

function near(found: number, expected: number): void {
  assert.ok(
    Math.abs(found - expected) < 1e-6 * Math.max(1, expected),
    `${found} and not ${expected}`,
  );
}

function oneMinibatch(
  system: string,
  kind: "cold" | "hot",
  gpus: number,
  options: { parameters?: typeof FREE; machine?: typeof TOY } = {},
) {
  const { graph } = minibatchGraph({
    trace: traceOf([record("cold"), record("hot")]),
    machine: options.machine ?? TOY,
    system,
    gpus,
    batchPerGpu: BATCH / gpus,
    parameters: options.parameters ?? FREE,
  }, kind);
  return { graph, ms: runGraph(graph).makespan };
}

Deno.test("a hybrid minibatch on one GPU is the sum of its copies and of the CPU's bytes", () => {
  const { graph, ms } = oneMinibatch("intel-dlrm", "cold", 1);
  const dense = 10 + 4 * BATCH / 1000;
  // E at random; 2 E, 8 bytes of index a lookup and 8 of offset a bag streamed.
  const gather = E / 1000 + (2 * E + 16 * 200) / 4000;
  const up = 10 + E / 1000;
  const loss = 10 + 4 * BATCH / 1000;
  const down = 10 + E / 1000;
  const gradients = (2 * E + 8 * 200) / 4000;
  const update = 3 * E / 1000;
  near(ms, dense + gather + up + loss + down + gradients + update);
  const bytes = (resource: string) =>
    graph.filter((task) => task.resource === resource).reduce((n, task) => n + task.bytes, 0);
  // System model, section 2.1: E each way over the link, 8 E and indices to memory.
  assert.equal(bytes("up:0"), E + 4 * BATCH);
  assert.equal(bytes("down:0"), E + 4 * BATCH);
  assert.equal(bytes("dram"), 8 * E + 24 * 200);
});

Deno.test("on two GPUs each link carries half; the all-reduce hides behind the way to the host", () => {
  const one = oneMinibatch("intel-dlrm", "cold", 1), two = oneMinibatch("intel-dlrm", "cold", 2);
  // Half of the dense features, of the vectors twice, and of the loss.
  near(two.ms, one.ms - (200 + E / 2 + 200 + E / 2) / 1000);
  const { start, end } = runGraph(two.graph);
  const reduced = two.graph.findIndex(({ label }) => label === "all-reduce");
  const down = two.graph.findIndex(({ label }) => label === "gradients of the vectors");
  near(end[reduced]! - start[reduced]!, 5 + 2 * (1 / 2) * P / 1000);
  assert.ok(end[reduced]! < end[down]!);
  // Where that is slow, it is seen.
  const machine = withRates(TOY, { "peer.latency_us": 100 });
  const slow = oneMinibatch("intel-dlrm", "cold", 2, { machine });
  near(slow.ms, start[reduced]! + 100 + P / 1000 + 3 * E / 1000);
});

Deno.test("the artifact's hybrid minibatch sends all vectors through one link and scatters them", () => {
  const { graph } = oneMinibatch("pytorch-hybrid-artifact", "cold", 2);
  const bytes = (resource: string) =>
    graph.filter((task) => task.resource === resource).reduce((n, task) => n + task.bytes, 0);
  assert.equal(bytes("up:0"), E + 4 * BATCH);
  assert.equal(bytes("up:1"), 0);
  // Parameters out and gradients in; half of the vectors out and in; half of the dense features out.
  assert.equal(bytes("peer"), 2 * P + 2 * E / 2 + 4 * BATCH / 2);
  assert.ok(!graph.some((task) => task.resource === "host:1"), "one thread for all GPUs");
});

Deno.test("the CPU path's software slows it by the cost of a lookup, and its calls by theirs", () => {
  const parameters = { ...START_PARAMETERS, intel_lookup_ns: 930 };
  const machine = withRates(TOY, { "framework.cpu_op_us": 30, "framework.cpu_lookup_ns": 15 });
  const { graph } = oneMinibatch("intel-dlrm", "cold", 1, { parameters, machine });
  const us = graph.filter(({ resource }) => resource === "cpu" || resource === "dram")
    .reduce((sum, task) => sum + task.us, 0);
  const slower = 930 / (15 + 1024 / 50 + 1024 / 180);
  const memory = 4 * E / 1000 + (4 * E + 24 * 200) / 4000;
  // Two tables: 3 calls to gather and stack, 2 for gradients, 2 for updates, of 80 us at this end of the range.
  near(us, 7 * 80 + slower * (200 * 0.015 + memory));
});

Deno.test("a hot minibatch uploads 16 bytes a lookup and all-reduces gradients of parameters and rows met", () => {
  const one = oneMinibatch("fae", "hot", 1), two = oneMinibatch("fae", "hot", 2);
  const upload = (inputs: number) => 10 + (16 * EACH * inputs + 4 * inputs * 2) / 1000;
  const loss = (inputs: number) => 10 + 4 * inputs / 1000;
  near(one.ms, upload(BATCH) + loss(BATCH));
  const reduced = 5 + 2 * (1 / 2) * (P + 150 * 16) / 1000;
  near(two.ms, upload(BATCH / 2) + loss(BATCH / 2) + reduced);
  assert.ok(!one.graph.some(({ resource }) => resource === "cpu" || resource === "dram"));
});

Deno.test("a call a table makes the launching thread wait, however fast the GPU", () => {
  const machine = withRates(TOY, { "framework.lookup_forward_us": 72, "framework.launch_us": 10 });
  const { graph } = oneMinibatch("fae", "hot", 1, { machine });
  const lookups = graph.find(({ label, resource }) =>
    label === "lookups" && resource === "host:0"
  )!;
  near(lookups.us, 2 * (72 + 10));
});

Deno.test("the artifact's FAE replicates the hot table on every iteration", () => {
  const { graph } = oneMinibatch("fae-artifact", "hot", 2);
  const replicated = graph.find(({ label }) => label === "replicate hot table")!;
  assert.equal(replicated.bytes, P + 1000 * 16);
});

Deno.test("FAE copies the hot rows once each way, all at once or one by one", () => {
  const trace = traceOf([record("cold"), record("hot")]);
  const options = { trace, machine: TOY, gpus: 1, parameters: FREE };
  const bytes = 1000 * 16;
  const copied = 10 + bytes / 2000 + bytes / 1000;
  const { extras_ms } = simulate({ ...options, system: "fae" });
  near(extras_ms["copy hot rows to the GPUs"]!, copied / 1000);
  near(extras_ms["copy hot rows to the host"]!, copied / 1000);
  const artifact = simulate({ ...options, system: "fae-artifact" }).extras_ms;
  near(artifact["copy hot rows one by one, both ways"]!, 2 * 1000 * 35 / 1000);
});

Deno.test("XDL waits for pull and push between its own time and the GPU", () => {
  const parameters = { ...FREE, xdl_scale: 1, xdl_lookup_ns: 0, xdl_step_us: 50, xdl_copies: 2 };
  const { ms } = oneMinibatch("xdl", "hot", 1, { parameters });
  const copies = 2 * (150 * (8 + 16) + P) / 4000;
  const pull = 150 * 16 / 1000 + copies, push = 3 * 150 * 16 / 1000 + copies;
  const up = 10 + (150 * 16 + 4 * 200 + 4 * BATCH + P) / 1000;
  const loss = 10 + 4 * BATCH / 1000, down = 10 + (150 * 16 + P) / 1000;
  near(ms, 50 + pull + up + loss + down + push);
});

Deno.test("XDL's cost of a lookup takes the CPU where it is more than the bytes", () => {
  const parameters = { ...FREE, xdl_scale: 2, xdl_lookup_ns: 1000, xdl_step_us: 0 };
  const { graph } = oneMinibatch("xdl", "hot", 1, { parameters });
  const us = graph.filter(({ resource }) => resource === "cpu" || resource === "dram")
    .reduce((sum, task) => sum + task.us, 0);
  near(us, 2 * 1000 * 200 / 1000);
});

Deno.test("Hotline trains the popular part while the rest's rows arrive", () => {
  const machine = withRates(TOY, { "framework.step_us": 1000 });
  const parameters = { ...FREE, hotline_second_share: 0.5, hotline_gather_share: 0.5 };
  const { graph } = oneMinibatch("hotline", "hot", 1, { machine, parameters });
  const { start, end } = runGraph(graph);
  const find = (label: string) => graph.findIndex((task) => task.label === label);
  // Half of the inputs is cold; its 50 lookups of cold rows, all different, are 50 rows of 16 bytes.
  assert.equal(graph[find("gather other rows")]!.bytes, 50 * 16);
  near(end[find("gather other rows")]!, 50 * 16 / 500);
  near(end[find("other rows to the GPU")]!, 10 + 50 * 16 / 2000);
  assert.equal(start[find("gather other rows")], 0);
  const loops = graph.flatMap(({ label, us }) => label === "training loop" ? [us] : []);
  assert.deepEqual(loops, [1000, 500]);
  // Both parts' inputs go up; the loss is read once, after both. Then the rows go back and are read and written.
  const loss = 10 + 4 * 50 / 1000;
  const back = 10 + 50 * 16 / 2000, written = 2 * 50 * 16 / 500;
  near(runGraph(graph).makespan, 1000 + 500 + loss + back + written);
});

Deno.test("GPU-only exchanges a GPU's part of the vectors and nothing on one GPU", () => {
  const one = oneMinibatch("gpu-only", "hot", 1), two = oneMinibatch("gpu-only", "hot", 2);
  const upload = (inputs: number) => 10 + (16 * EACH * inputs + 8 * inputs) / 2000;
  const loss = (inputs: number) => 10 + 4 * inputs / 1000;
  near(one.ms, upload(100) + loss(100));
  const exchange = 5 + (1 / 2) * (E / 2) / 1000;
  near(two.ms, upload(50) + loss(50) + 2 * exchange + 5 + P / 1000);
});

Deno.test("Slipstream leaves out minibatches and adds its blocks", () => {
  const trace = traceOf([
    record("cold"),
    record("warm-up"),
    record("window"),
    record("hot", { skipped_inputs: 50 }),
    record("hot", { skipped_inputs: 50 }),
  ]);
  const options = { trace, machine: TOY, gpus: 1, parameters: FREE };
  const fae = simulate({ ...options, system: "fae" });
  const over = simulate({ ...options, system: "slipstream" });
  assert.equal(fae.minibatches, 6);
  assert.equal(fae.inputs, 600);
  assert.equal(over.minibatches, 5);
  assert.equal(over.skipped_inputs, 100);
  const blocks = Object.entries(over.extras_ms)
    .filter(([label]) => !label.startsWith("copy")).reduce((sum, [, ms]) => sum + ms, 0);
  near(over.epoch_ms, fae.epoch_ms - fae.minibatch_ms["hot"]! + blocks);
  // 300 hot inputs after the window are classified: 4 bytes of id a lookup, a byte a row looked up at most once, and the
  // flags of 1000 rows from the GPU.
  near(
    over.extras_ms["classify the hot inputs"]!,
    (10 + 1000 / 1000 + (4 * 300 * EACH + 300 * EACH) / 4000) / 1000,
  );
});

for (
  const system of [
    "slipstream",
    "slipstream-artifact",
    "slipstream-intel-dlrm",
    "slipstream-fae-intel",
    "slipstream-hotline",
    "slipstream-gpu-only",
    "slipstream-fae-gpu-only",
  ]
) {
  Deno.test(`${system} with nothing to skip is the system that it is over`, () => {
    const trace = traceOf([record("cold"), record("hot")]);
    const options = { trace, machine: TOY, gpus: 1, parameters: FREE };
    const base = { slipstream: "fae", "slipstream-artifact": "fae-artifact" }[system] ??
      system.replace("slipstream-", "");
    assert.equal(
      simulate({ ...options, system }).epoch_ms,
      simulate({ ...options, system: base }).epoch_ms,
    );
  });
}
