import assert from "node:assert/strict";
import { fail, readJson, run, succeed } from "./command.ts";

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
  assert.equal(lines.filter((line) => /^(intel-dlrm|fae) /.test(line)).length, 12);
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
  const { out } = await succeed("simulate", ["explain", "--trace", "rm2", "--system", "fae"]);
  for (const text of ["fae on v100x4, 1 GPU:", "exposed, %", "gather", "up:0", "What to buy"]) {
    assert.ok(out.includes(text), text);
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
    const text of ["Usage: deno task simulate", "explain", "sweep", "published", "paper", "hotline"]
  ) {
    assert.ok(out.includes(text), text);
  }
  assert.ok(!/calibrate|validate/.test(out.split("Systems:")[0]!.split("Commands")[1]!));
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
  [["--trace", "rm2", "--json", "/none/x.json"], 2, /^error: Cannot use --json \/none\/x\.json/],
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

Deno.test("damaged files are one clear error each", async () => {
  const path = `${folder}/damaged.json`;
  await Deno.writeTextFile(path, '{ "schema": ');
  await fail("simulate", ["--trace", path], 1, /it starts as JSON and is cut off or damaged$/);
  await Deno.writeTextFile(path, "ARROW1\0\0");
  await fail("simulate", ["--trace", path], 1, /^error: Cannot read .* it is no counted trace/);
});
