import assert from "node:assert/strict";
import type { Explanation } from "../../sim/explain.ts";
import { toArrow } from "../../sim/report.ts";
import type { SimulationResult } from "../../sim/simulate.ts";
import { SYSTEMS } from "../../sim/systems/mod.ts";
import { readTrace } from "../../train/trace/files.ts";
import { TraceRecorder } from "../../train/trace/recorder.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";
import { fail, readJson, run, succeed, TINY } from "./command.ts";

/** Systems that run on a machine of any file: this project's own runtime needs one that `calibrate` wrote. */
const SYSTEM_NAMES = SYSTEMS.map(({ name }) => name);

const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

Deno.test("lists sweep, and one table a trace is printed", async () => {
  const { out } = await succeed("simulate", [
    ...[
      "--trace",
      "rm2",
      "--machine",
      "v100x4,h100x8",
      "--system",
      "intel-dlrm,fae",
      "--gpus",
      "1,2,4",
    ],
  ]);
  const lines = out.split("\n");
  assert.match(lines[0]!, /^rm2: counts of 39291958 inputs \(twin:rm2\), minibatch 1024/);
  assert.match(out, /\nParameters: registered \(.*\n.*\nRanges hold 90 % of 200 draws/);
  assert.equal(
    lines.filter((line) => /^(intel-dlrm|fae) .* \d+\.\d\d to \d+\.\d\d/.test(line)).length,
    12,
  );
  assert.ok(lines.every((line) => line.length <= 80), "lines of at most 80 columns");
});

Deno.test("results, CSV and timeline are written and tell the same", async () => {
  const paths = { json: `${folder}/r.json`, csv: `${folder}/r.csv`, timeline: `${folder}/t.json` };
  await succeed("simulate", [
    ...["--trace", "rm4", "--system", "fae", "--gpus", "2"],
    ...Object.entries(paths).flatMap(([flag, path]) => [`--${flag}`, path]),
  ]);
  const { schema, results } = await readJson<
    { schema: string; results: { epoch_ms: number; trace: string }[] }
  >(
    paths.json,
  );
  assert.equal(schema, "slipstream.simulation");
  const [heading, row] = (await Deno.readTextFile(paths.csv)).split("\n").map((line) =>
    line.split(",")
  );
  assert.equal(Number(row![heading!.indexOf("epoch_ms")]), results[0]!.epoch_ms);
  const { traceEvents } = await readJson<
    { traceEvents: { name: string; args: { name?: string } }[] }
  >(
    paths.timeline,
  );
  const processes = traceEvents.filter(({ name }) => name === "process_name");
  assert.deepEqual(processes.map(({ args }) => args.name!.split(", ").at(-1)), [
    "cold",
    "warm-up",
    "window",
    "hot",
  ]);
});

Deno.test("explain shows what is exposed and what to buy", async () => {
  const json = `${folder}/explained.json`;
  const { out } = await succeed("simulate", [
    ...["explain", "--trace", "rm2", "--system", "fae", "--json", json],
  ]);
  const { explanations: [first] } = await readJson<{ explanations: Explanation[] }>(json);
  assert.ok(first!.purchases[0]!.time < 1);
  for (const text of ["fae on v100x4, 1 GPU:", "exposed, %", "gather", "up:0", "What to buy"]) {
    assert.ok(out.includes(text), text);
  }
});

Deno.test("explain's CSV tells what its JSON tells, a row a part", async () => {
  const paths = { json: `${folder}/parts.json`, csv: `${folder}/parts.csv` };
  await succeed("simulate", [
    ...["explain", "--trace", "rm4", "--system", "intel-dlrm,slipstream", "--gpus", "1,2"],
    ...Object.entries(paths).flatMap(([flag, path]) => [`--${flag}`, path]),
  ]);
  const { explanations } = await readJson<{ explanations: (Explanation & { trace: string })[] }>(
    paths.json,
  );
  const [heading, ...lines] = (await Deno.readTextFile(paths.csv)).trimEnd().split("\n");
  const names = heading!.split(",");
  const rows = lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, i) => [names[i]!, cell]))
  );
  assert.equal(explanations.length, 4);
  for (const { trace, result, purchases } of explanations) {
    const own = rows.filter(({ system, gpus }) =>
      system === result.system && Number(gpus) === result.gpus
    );
    const cells = (part: string, ...columns: string[]) =>
      Object.fromEntries(
        own.filter((row) => row.part === part).map((row) => [
          row.name!,
          Object.fromEntries(columns.map((column) => [column, Number(row[column])])),
        ]),
      );
    const times = ["busy_ms", "exposed_ms", "hidden_ms"];
    assert.deepEqual(cells("stage", ...times), result.stages);
    assert.deepEqual(cells("resource", ...times), result.resources);
    assert.deepEqual(
      cells("bytes", "bytes"),
      Object.fromEntries(Object.entries(result.bytes).map(([name, bytes]) => [name, { bytes }])),
    );
    assert.deepEqual(
      cells("purchase", "now", "tried", "time"),
      Object.fromEntries(purchases.map(({ path, range: _, ...rest }) => [path, rest])),
    );
    const ranged = own.filter((row) => row.part === "purchase" && row.time_low !== "");
    assert.deepEqual(
      ranged.map(({ time_low, time_high }) => [Number(time_low), Number(time_high)]),
      purchases.flatMap(({ range }) => range === null ? [] : [[range.low, range.high]]),
    );
    assert.ok(ranged.length > 3);
    assert.ok(own.every((row) => row.trace === trace && Number(row.epoch_ms) === result.epoch_ms));
    // What a part does not have is empty, not 0.
    assert.ok(own.every((row) => (row.part === "bytes") === (row.bytes !== "")));
  }
});

Deno.test("a sweep writes CSV, Arrow and a figure", async () => {
  const paths = { csv: `${folder}/s.csv`, arrow: `${folder}/s.arrow`, plot: `${folder}/s.svg` };
  const { out } = await succeed("simulate", [
    ...["sweep", "--trace", "rm4", "--system", "fae,intel-dlrm"],
    ...["--axis", "link.generation=3,4,5", "gpus=1,2,4"],
    ...Object.entries(paths).flatMap(([flag, path]) => [`--${flag}`, path]),
  ]);
  assert.match(out, /^18 points in /m);
  assert.equal((await Deno.readTextFile(paths.csv)).trimEnd().split("\n").length, 19);
  assert.match(await Deno.readTextFile(paths.plot), /^<svg/);
});

Deno.test("break-even maps systems and shows machines as they are", async () => {
  const paths = { json: `${folder}/map.json`, plot: `${folder}/map.svg` };
  const { out } = await succeed("simulate", [
    ...["break-even", "--trace", "rm4", "--points", "t4,h100x8", "--draws", "2", "--quiet"],
    ...["--among", "intel-dlrm,fae,slipstream"],
    ...["--axis", "hot_share=0.5,0.9", "drop=0,0.3", "pytorch_lookup_ns=60,900"],
    ...Object.entries(paths).flatMap(([flag, path]) => [`--${flag}`, path]),
  ]);
  const { cells, points, parameters } = await readJson<
    {
      cells: { fastest: string; share: number; values: number[] }[];
      points: { machine: string; fastest: string }[];
      parameters: string;
    }
  >(paths.json);
  assert.equal(cells.length, 8);
  assert.equal(parameters, "registered");
  assert.deepEqual(points.map(({ machine }) => machine), ["t4", "h100x8"]);
  for (
    const text of [
      "Fastest where hot_share 0.5",
      "drop \\ pytorch_lookup_ns",
      "Machines as they are",
    ]
  ) {
    assert.ok(out.includes(text), text);
  }
  assert.match(await Deno.readTextFile(paths.plot), /^<svg/);
});

Deno.test("a workload whose rows do not fit is refused on GPUs that are too small", async () => {
  await fail(
    "simulate",
    ["--trace", "mlperf-dcnv2", "--system", "gpu-only", "--gpus", "4"],
    1,
    /^error: Cannot simulate gpu-only: the rows take 104\.5 GB/,
  );
  const { out } = await succeed("simulate", [
    ...[
      "--trace",
      "mlperf-dcnv2",
      "--system",
      "gpu-only",
      "--machine",
      "h100x16",
      "--gpus",
      "8,16",
    ],
    ...["--batch", "65536", "--precision", "half", "--draws", "2"],
  ]);
  assert.equal(out.split("\n").filter((line) => /^gpu-only .* to /.test(line)).length, 2);
});

Deno.test("the first registration's table is shown as it was", async () => {
  const { out } = await succeed("simulate", ["paper", "--first"]);
  for (const text of ["1.712", "2.521", "1.134", "1.244", "calibrated 7.7 %"]) {
    assert.ok(out.includes(text), text);
  }
});

Deno.test("the second registration's table is shown as it was", async () => {
  const { out } = await succeed("simulate", ["paper", "--second"]);
  for (const text of ["Second registration", "1.722", "2.537", "1.141", "1.252", "1c67070f"]) {
    assert.ok(out.includes(text), text);
  }
});

Deno.test("counts writes a trace that can be simulated", async () => {
  const out = `${folder}/counted.json`;
  await succeed("simulate", [
    ...["counts", "--twin", "rm4", "--inputs", "20000", "--batch", "64", "--warm-up", "10"],
    ...["--out", out, "--quiet"],
  ]);
  const { out: printed } = await succeed("simulate", ["--trace", out, "--system", "slipstream"]);
  assert.match(printed, /counts of 20000 inputs/);
});

Deno.test("without words it shows the help, which lists commands and systems", async () => {
  const { out, status } = await run("simulate", []);
  assert.equal(status, 2);
  for (
    const text of [
      ...["Usage: deno task simulate", "explain", "sweep", "published", "paper", "hotline"],
      ...["calibrate", "validate"],
    ]
  ) {
    assert.ok(out.includes(text), text);
  }
});

const mistakes: readonly [args: readonly string[], status: number, message: RegExp][] = [
  [["sweeep"], 2, /^error: Cannot run "sweeep": did you mean sweep\?$/],
  [
    ["--trace", "rm2", "--system", "slipsteam"],
    2,
    /^error: Cannot simulate system slipsteam: did you mean slipstream\?$/,
  ],
  [
    ["--trace", "rm2", "--machine", "v100"],
    2,
    /^error: Cannot use machine v100: did you mean v100x4\?/,
  ],
  [["--trace", "rm22"], 2, /^error: Cannot open trace rm22: did you mean rm2\?$/],
  [["--trace", "none.json"], 1, /^error: Cannot read none\.json: No such file or directory$/],
  [["--system", "fae"], 2, /^error: Cannot start without --trace/],
  [["--trace", "rm2", "--gpus", "8"], 2, /^error: Cannot simulate 8 GPUs: machine v100x4 has 4$/],
  [
    ["--trace", "rm2", "--machine", "epyc7742x2", "--gpus", "1"],
    2,
    /^error: Cannot simulate pytorch-hybrid on epyc7742x2: it has no GPU, so give --system cpu-dlrm$/,
  ],
  [["paper", "--first", "--second"], 2, /^error: Cannot show two registrations at once/],
  [["--trace", "rm2", "--json", "/proc/none/x.json"], 2, /^error: Cannot use --json \/proc/],
  [
    ["sweep", "--trace", "rm2", "--axis", "gpu=1"],
    2,
    /^error: Cannot sweep gpu: did you mean gpus\?$/,
  ],
  [["sweep", "--trace", "rm2", "--axis", "gpus=1", "gpus=2"], 2, /^error: Cannot sweep gpus twice/],
  [["counts", "--twin", "rm9", "--out", "x"], 2, /^error: Cannot use --twin rm9/],
];

for (const [args, status, message] of mistakes) {
  Deno.test(`${args.join(" ")} is one clear error`, async () => {
    await fail("simulate", args, status, message);
  });
}

Deno.test("damaged counted traces are one clear error each", async () => {
  const path = `${folder}/damaged.json`;
  await Deno.writeTextFile(path, '{ "schema": ');
  await fail(
    "simulate",
    ["--trace", path],
    1,
    /^error: Cannot read .*: it is not JSON, or cut short \(/,
  );
  await Deno.writeTextFile(path, "{}");
  await fail("simulate", ["--trace", path], 1, /^error: Cannot read .*: schema is missing$/);
});

Deno.test("a trace of a run simulates under every system; a damaged one is one clear error", async () => {
  const path = `${folder}/run.arrow`, json = `${folder}/run.json`;
  await succeed("train", [
    ...["--data", "synthetic:6000", "--tables", "60-30-20", "--threads", "1", "--batch", "32"],
    ...TINY.slice(0, -2),
    ...["--profile", "1", "--hot-memory", "0.001", "--plan", "slipstream", "--trace", path, "-q"],
  ]);
  const { out } = await succeed("simulate", [
    ...["--trace", path, "--system", SYSTEM_NAMES.join(","), "--gpus", "1,2", "--json", json],
  ]);
  assert.match(out, /run\.arrow: run of \d+ inputs/);
  const { results } = await readJson<{ results: SimulationResult[] }>(json);
  assert.equal(results.length, 2 * SYSTEM_NAMES.length);
  const { header, columns } = await readTrace(path);
  const trained = columns.inputs.reduce((a, b) => a + b, 0);
  const skipped = columns.skipped_inputs.reduce((a, b) => a + b, 0);
  assert.ok(skipped > 0);
  for (const { system, inputs, epoch_ms } of results) {
    assert.ok(epoch_ms > 0, system);
    const wanted = system.startsWith("slipstream") ? trained : trained + skipped;
    assert.ok(Math.abs(inputs - wanted) < 1e-6, `${system}: ${inputs} inputs of ${wanted}`);
  }

  const refused = async (bytes: Uint8Array, message: RegExp, status = 1) => {
    const damaged = `${folder}/damaged.arrow`;
    await Deno.writeFile(damaged, bytes);
    await fail("simulate", ["--trace", damaged], status, message);
  };
  const whole = await Deno.readFile(path);
  await refused(whole.subarray(0, whole.length - 100), /^error: Cannot read .*: it is cut short/);
  await refused(new Uint8Array(0), /^error: Cannot read .*: /);
  await refused(
    new TextEncoder().encode("step,epoch\n0,0\n"),
    /: it is not an Arrow IPC file, which a trace is$/,
  );
  await refused(
    new Uint8Array(await toArrow([{ a: 1 }, { a: 2 }])),
    /^error: Cannot read .*: .*no trace/,
  );
  const rewritten = async (
    change: { header?: object; record?: (record: MinibatchRecord) => Partial<MinibatchRecord> },
  ) => {
    const recorder = new TraceRecorder();
    for (let i = 0; i < columns.length; i++) {
      const record = columns.record(i);
      recorder.add({ ...record, ...i === 3 ? change.record?.(record) : {} });
    }
    return await recorder.bytes({ ...header, ...change.header });
  };
  await refused(
    await rewritten({ header: { schema_version: 2 } }),
    /^error: Cannot read .*: header\.schema_version is 2 and this version reads 1; trace the run/,
  );
  await refused(
    await rewritten({ record: ({ lookups }) => ({ unique_rows: lookups + 1 }) }),
    /^error: Cannot read .*: minibatch 3 has unique_rows 97, which cannot be more than/,
  );
  await refused(
    await rewritten({ record: ({ lookups }) => ({ lookups: lookups + 1 }) }),
    /^error: Cannot simulate the trace: minibatch 3 has 97 lookups for 32 inputs of 3$/,
  );
  await refused(
    await rewritten({ header: { model: { ...header.model, bottom: [] } } }),
    /^error: Cannot read .*: header\.model\.bottom is \[\] and must be a list of 1 to 100$/,
  );
  await fail(
    "simulate",
    ["sweep", "--trace", path, "--axis", "hot_memory_mib=1,2"],
    2,
    /^error: Cannot sweep the hot memory of .*run with each --hot-memory/,
  );
});

Deno.test("machine files with a missing, a negative and a wrongly named field are one clear error each", async () => {
  const shipped = await Deno.readTextFile(
    new URL("../../sim/machines/v100x4.json", import.meta.url),
  );
  const path = `${folder}/machine.json`;
  // A document is damaged member by member.
  // deno-lint-ignore no-explicit-any
  const refused = async (change: (document: any) => void, message: RegExp) => {
    const document = JSON.parse(shipped);
    change(document);
    await Deno.writeTextFile(path, JSON.stringify(document));
    await fail("simulate", ["--trace", "rm2", "--machine", path], 1, message);
  };
  await refused((d) => delete d.link.latency_us, /machine\.json: link\.latency_us is missing$/);
  await refused(
    (d) => d.cpu.cores.value = -1,
    /machine\.json: cpu\.cores\.value is -1 and must be above 0$/,
  );
  await refused(
    (d) => d.gpu.gflops = d.gpu.gflop_s,
    /machine\.json: gpu\.gflops is no field of it, did you mean gflop_s\?$/,
  );
});
