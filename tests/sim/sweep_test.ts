import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { toArrow, toCsv } from "../../sim/report.ts";
import { simulate } from "../../sim/simulate.ts";
import { parseAxis, sweep } from "../../sim/sweep.ts";
import { fromArrow } from "../../core/npm/arquero.ts";
import { countTrace } from "../../sim/counts.ts";
import { condense, countTraceRuns } from "../../sim/work.ts";
import { record, traceOf } from "./toy.ts";

const V100 = machineOf(await loadMachine("v100x4"));
const trace = countTraceRuns(traceOf([record("cold"), record("hot"), record("hot")]));

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof UserError && message.test(error.message);

Deno.test("axes are lists or ranges; unknown ones name the nearest", () => {
  assert.deepEqual(parseAxis("gpus=1,2,4"), { name: "gpus", values: [1, 2, 4] });
  assert.deepEqual(parseAxis("drop=0.2:0.4:3").values, [0.2, 0.30000000000000004, 0.4]);
  assert.equal(parseAxis("link.pageable_gb_s=8").name, "link.pageable_gb_s");
  assert.equal(parseAxis("intel_lookup_ns=60").name, "intel_lookup_ns");
  assert.throws(
    () => parseAxis("link.pagable_gb_s=8"),
    refused(/did you mean link\.pageable_gb_s\?$/),
  );
  for (const text of ["gpus", "gpus=", "gpus=a", "gpus=1:2:1", "gpus=1,"]) {
    assert.throws(() => parseAxis(text), refused(/^Cannot sweep gpus/), text);
  }
});

Deno.test("threads give what single simulations give, in the order of the axes", async () => {
  const options = {
    traces: [{ name: "t", trace }],
    machines: [V100],
    systems: ["fae", "intel-dlrm"],
    axes: [
      { name: "gpus", values: [1, 2, 4] },
      { name: "link.pageable_gb_s", values: Array.from({ length: 12 }, (_, k) => 4 + k) },
    ],
    gpus: 1,
  } as const;
  const rows = await sweep({ ...options, threads: 3 });
  assert.equal(rows.length, 72);
  assert.deepEqual(rows, await sweep({ ...options, threads: 1 }));
  assert.deepEqual(rows.map(({ values }) => values).slice(0, 2), [[1, 4], [1, 5]]);
  const last = rows.at(-1)!;
  const machine = { ...V100, link: { ...V100.link, pageable_gb_s: 15 } };
  const { epoch_ms } = simulate({ trace, machine, system: "intel-dlrm", gpus: 4 });
  assert.equal(last.epoch_ms, epoch_ms);
});

Deno.test("axes of the plan and of generations reach what they name", async () => {
  const at = async (name: Parameters<typeof parseAxis>[0]) => {
    const rows = await sweep({
      traces: [{ name: "t", trace }],
      machines: [V100],
      systems: ["intel-dlrm"],
      axes: [parseAxis(name)],
      gpus: 1,
      threads: 1,
    });
    return rows.map(({ epoch_ms }) => epoch_ms);
  };
  for (const name of ["link.generation=3,4,5", "intel_lookup_ns=930,60", "dim=64,4"]) {
    const times = await at(name);
    assert.ok(times.every((time, i) => i === 0 || time < times[i - 1]!), `${name}: ${times}`);
  }
  assert.equal(new Set(await at("batch_per_gpu=50,100")).size, 2);
});

Deno.test("hot memory is swept by counting the twin again", async () => {
  const counted = {
    twin: "rm4",
    inputs: 20_000,
    batch: 64,
    warmup: 2,
    window: 0.02,
    profileEvery: 1,
    drop: 0.25,
    threads: 2,
    seed: 3,
  } as const;
  const at = async (mib: number) =>
    countTraceRuns(await countTrace({ ...counted, hotMemoryBytes: mib * 2 ** 20 }));
  const options = { machines: [V100], systems: ["slipstream"], gpus: 2, threads: 2 };
  const rows = await sweep({
    ...options,
    traces: [{ name: "t", trace: await at(0.1) }],
    axes: [{ name: "hot_memory_mib", values: [0.125, 0.0625] }, parseAxis("gpus=1,2")],
  });
  for (const [i, mib] of [0.125, 0.125, 0.0625, 0.0625].entries()) {
    const gpus = 1 + i % 2;
    const { epoch_ms } = simulate({
      trace: condense(await at(mib)),
      machine: V100,
      system: "slipstream",
      gpus,
    });
    assert.deepEqual(rows[i]!.values, [mib, gpus]);
    assert.equal(rows[i]!.epoch_ms, epoch_ms);
  }
  assert.ok(rows[0]!.host_memory_bytes < rows[2]!.host_memory_bytes, "fewer cold inputs");
});

Deno.test("hot memory cannot be swept over a run's trace or with what it decides", async () => {
  const at = (...axes: string[]) =>
    sweep({
      traces: [{ name: "t", trace }],
      machines: [V100],
      systems: ["fae"],
      axes: axes.map(parseAxis),
      gpus: 1,
    });
  await assert.rejects(
    at("hot_memory_mib=1,2"),
    refused(/^Cannot sweep the hot memory of t: .*run with each --hot-memory/),
  );
  const drawn = { ...trace.header, origin: "counts" } as const;
  const hash = `twin:rm2:20000:seed=${"9".repeat(40)}`;
  await assert.rejects(
    sweep({
      ...{ machines: [V100], systems: ["fae"], gpus: 1, axes: [parseAxis("hot_memory_mib=1")] },
      traces: [{
        name: "t",
        trace: { ...trace, header: { ...drawn, dataset: { ...drawn.dataset, hash } } },
      }],
    }),
    refused(/header\.dataset\.hash is "twin:.*", whose seed must be a whole number from 0 to/),
  );
  await assert.rejects(at("hot_memory_mib=1", "dim=4"), refused(/hot_memory_mib and dim together/));
});

Deno.test("what a worker refuses is one clear error", async () => {
  await assert.rejects(
    sweep({
      traces: [{ name: "t", trace }],
      machines: [V100],
      systems: ["fae"],
      axes: [{ name: "gpus", values: Array(100).fill(8) }],
      gpus: 1,
      threads: 2,
    }),
    refused(/^Cannot simulate 8 GPUs/),
  );
});

Deno.test("records become CSV and Arrow with every column that one of them has", async () => {
  const records = [{ a: 1, b: "x" }, { a: 2, c: 0.5 }];
  assert.equal(await toCsv(records), "a,b,c\n1,x,\n2,,0.5\n");
  const arrow = await toArrow(records);
  assert.deepEqual(fromArrow(arrow).objects(), [{ a: 1, b: "x", c: null }, {
    a: 2,
    b: null,
    c: 0.5,
  }]);
});
