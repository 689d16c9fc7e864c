import assert from "node:assert/strict";
import type { ResultDocument } from "../../train/run/result.ts";
import { readTrace } from "../../train/trace/files.ts";
import { inFolder } from "../data/rows.ts";
import { command, fail, interruptAt, readJson, run, succeed, TINY } from "./command.ts";
import { HAS_SIGNALS } from "./platform.ts";
import { writeClicks } from "./criteo_file.ts";

/** Three small tables, of whose 110 rows of 16 bytes 65 are hot. */
const INPUTS = [
  ...["--data", "synthetic:6000", "--tables", "60-30-20", "--threads", "1", "--batch", "32"],
  ...TINY.slice(0, -2),
  ...["--profile", "1"],
];
const DATA = [...INPUTS, "--hot-memory", "0.001"];
const SLIPSTREAM = [
  ...DATA,
  ...["--plan", "slipstream", "--warmup", "3", "--window", "6", "--snapshots", "4"],
  ...["--wake-every", "20", "--optimizer", "adagrad", "--normalize", "dense"],
];

/** The checkpoints in a folder, oldest first. */
function checkpointsIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.startsWith("step-")).sort();
}

/** What of a result does not depend on the clock. */
function timeless({ losses, metrics, evaluations, plan, throughput, counters }: ResultDocument) {
  return {
    ...{ losses, metrics, evaluations, samples: throughput.samples },
    lookups: counters.lookups,
    plan: JSON.parse(
      JSON.stringify(plan, (key, value) => key.endsWith("_ms") ? undefined : value),
    ),
  };
}

async function traceOf(path: string) {
  const { header, records } = await readTrace(path);
  return {
    header: { ...header, plan: null },
    records: records.map(({ wall_ms: _, stages_ms: __, ...counts }) => counts),
  };
}

Deno.test("plans run from the command line, explain themselves and write traces", () =>
  inFolder(async (folder) => {
    for (const plan of ["baseline", "fae", "slipstream", "freeze"]) {
      const json = `${folder}/${plan}.json`, trace = `${folder}/${plan}.arrow`;
      const { out } = await succeed("train", [
        ...DATA,
        ...["--plan", plan, "--json", json, "--trace", trace],
      ]);
      const document = await readJson<ResultDocument>(json);
      assert.equal(document.plan.name, plan);
      const { header, records } = await readTrace(trace);
      assert.equal(records.length, document.throughput.steps);
      assert.deepEqual(header.plan, document.plan);
      if (plan === "baseline") {
        assert.doesNotMatch(out, /Plan /);
        assert.ok(records.every(({ kind, place }) => kind === "all" && place === "device"));
        continue;
      }
      assert.match(out, new RegExp(`^Plan ${plan}: \\d+\\.\\d % of the inputs are hot; `, "m"));
      const decides = plan !== "fae";
      assert.equal(/^Decision, after hot minibatches \d+ to \d+: T = /m.test(out), decides);
      assert.equal(/stale, %/.test(out), decides);
      assert.equal(document.plan.decisions.length, decides ? 1 : 0);
      const { trained_inputs, skipped_inputs } = document.plan;
      assert.equal(trained_inputs + skipped_inputs, document.dataset.inputs.train);
    }
  }));

Deno.test({
  name: "a run that is killed after a checkpoint goes on to the same result",
  ignore: !HAS_SIGNALS,
  fn: () =>
    inFolder(async (folder) => {
      const outputs = (name: string) => [
        ...["--json", `${folder}/${name}.json`, "--trace", `${folder}/${name}.arrow`],
      ];
      await succeed("train", [...SLIPSTREAM, ...outputs("straight")]);
      const keeping = ["--checkpoint", `${folder}/run`, "--checkpoint-every", "3"];
      await using child = command("train", [...SLIPSTREAM, ...keeping, ...outputs("killed")])
        .spawn();
      const out = new Response(child.stdout).text();
      let err = "";
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        err += text;
        if (/^Checkpoint after step 9 /m.test(err)) {
          child.kill("SIGKILL");
          break;
        }
      }
      assert.equal((await child.status).signal, "SIGKILL", err);
      await out;
      await assert.rejects(Deno.stat(`${folder}/killed.json`), Deno.errors.NotFound);
      const resumed = await succeed("train", ["--resume", `${folder}/run`]);
      const [, step] = /^Resuming from .*, after step (\d+)$/m.exec(resumed.err)!;
      assert.ok(Number(step) >= 9 && Number(step) % 3 === 0);
      const [straight, killed] = [
        await readJson<ResultDocument>(`${folder}/straight.json`),
        await readJson<ResultDocument>(`${folder}/killed.json`),
      ];
      assert.ok(Number(step) < straight.throughput.steps);
      assert.ok(straight.plan.decisions.length > 1);
      assert.deepEqual(timeless(killed), timeless(straight));
      assert.deepEqual(
        await traceOf(`${folder}/killed.arrow`),
        await traceOf(`${folder}/straight.arrow`),
      );
    }),
});

Deno.test({
  name: "Ctrl-C keeps a checkpoint and prints the command that goes on from it",
  ignore: !HAS_SIGNALS,
  fn: () =>
    inFolder(async (folder) => {
      const args = [...SLIPSTREAM, "--epochs", "2", "--eval-every", "40"];
      const straight = `${folder}/straight.json`, json = `${folder}/out.json`;
      await succeed("train", [...args, "--json", straight, "--quiet"]);
      const { status, err } = await interruptAt(
        "train",
        [...args, "--checkpoint", `${folder}/run`, "--json", json],
        /^Step 40: AUC/,
      );
      assert.equal(status, 130, err);
      const [, words] = /^To go on: deno task train (.*)$/m.exec(err)!;
      assert.equal(words, `--resume ${folder}/run`);
      const interrupted = await readJson<ResultDocument>(json);
      assert.equal(interrupted.ended.how, "interrupted");
      const kept = checkpointsIn(`${folder}/run`);
      assert.deepEqual(kept, [`step-${`${interrupted.ended.step}`.padStart(9, "0")}`]);
      await succeed("train", [...words!.split(" "), "--quiet"]);
      assert.deepEqual(
        timeless(await readJson<ResultDocument>(json)),
        timeless(await readJson<ResultDocument>(straight)),
      );
    }),
});

Deno.test("plans, traces and checkpoints that cannot be are refused in one sentence", () =>
  inFolder(async (folder) => {
    const cases: [string, RegExp][] = [
      ["--plan slipstream --drop 0", /^error: Cannot use --drop 0: it must be more than 0$/],
      ["--plan slipstream --target-drop-percentage 1", /Cannot use .* 1: it must be less than 1$/],
      ["--plan slipstream --alpha 0", /Cannot use --alpha 0: it must be at least 1$/],
      ["--plan slipstraem", /Cannot use --plan slipstraem: it must be one of baseline, fae, /],
      ["--placement hot", /Cannot use --placement hot with --plan baseline: /],
      ["--trace deno.json/t.arrow", /--trace deno\.json\/t\.arrow: .* is not a folder$/],
      ["--checkpoint deno.json/deep/run", /Cannot .*deno\.json\/deep cannot be made \(/],
    ];
    for (const [args, message] of cases) {
      await fail("train", [...DATA, ...args.split(" ")], 2, message);
    }
    const few: [string, number, RegExp][] = [
      ["--warmup 10000", 1, /^error: Cannot look for stale rows: 10000 hot minibatches of warm-up/],
      ["--alpha 4", 2, /^error: Cannot use --alpha 4: .* integer from 1 to 3$/],
      ["--hot-memory 1", 1, /^error: Cannot tell hot rows from cold ones: all 110 rows fit into/],
      ["--hot-memory 0.00001", 1, /^error: Cannot choose hot rows: a budget of .* holds no row/],
      ["--hot-emb-gpu-mem 16", 1, /^error: Cannot train hot inputs: none of 5143 inputs/],
    ];
    for (const [args, status, message] of few) {
      const base = args.startsWith("--hot") ? INPUTS : DATA;
      await fail("train", [...base, "--plan", "slipstream", ...args.split(" ")], status, message);
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("checkpoints that cannot be gone on from are refused, and say what can", () =>
  inFolder(async (folder) => {
    const kept = `${folder}/run`, data = await writeClicks(folder, 280);
    const args = [
      "--data",
      data,
      "--cache",
      `${folder}/cache`,
      ...TINY.slice(0, -2),
      "--batch",
      "16",
    ];
    const keeping = ["--checkpoint", kept, "--checkpoint-every", "5"];
    await succeed("train", [...args, ...keeping, "--quiet"]);
    const [old, last] = checkpointsIn(kept);

    await fail(
      "train",
      [...args, ...keeping],
      2,
      /Cannot use --checkpoint .*\/run: it holds checkpoints of another run; go on with it by --resume/,
    );
    await fail(
      "train",
      ["--resume", kept, "--batch", "4"],
      2,
      /^error: Cannot use --batch with --resume: the run goes on with the options that it was started with$/,
    );
    await fail(
      "train",
      ["--resume", kept, "--plan", "fae"],
      2,
      /Cannot use --plan with --resume: /,
    );
    await fail(
      "train",
      ["--resume", kept, "--trace", `${folder}/t.arrow`],
      2,
      /Cannot use --trace .* with --resume: the run was started without a trace/,
    );
    await fail("train", ["--resume", `${folder}/cache`], 1, /there is none in it; give the folder/);
    await fail("train", ["--resume", `${folder}/none`], 1, /there is no such folder/);

    // Other rows under the same name.
    await Deno.rename(data, `${data}.kept`);
    await Deno.writeTextFile(
      data,
      (await Deno.readTextFile(`${data}.kept`)).split("\n").slice(7).join("\n"),
    );
    await fail(
      "train",
      ["--resume", kept],
      1,
      /Cannot resume from .*: it was made on another data set/,
    );
    await Deno.rename(`${data}.kept`, data);

    const path = `${kept}/${last}/state.safetensors`;
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 7]! ^= 1;
    await Deno.writeFile(path, bytes);
    await fail(
      "train",
      ["--resume", kept],
      1,
      new RegExp(
        `Cannot load checkpoint .*/${last}: .* was changed: .*; the last good one before it is ${old}: choose it with --resume after removing those newer than ${old}$`,
      ),
    );
    await Deno.remove(`${kept}/${last}`, { recursive: true });
    const { status, err } = await run("train", ["--resume", `${kept}/`, "--checkpoint", kept]);
    assert.equal(status, 0, err);
  }));

Deno.test("a criterion from a file decides, is named in what is written, and must not change under a run", () =>
  inFolder(async (folder) => {
    const file = `${folder}/longest.ts`;
    const write = (text: string) => Deno.writeTextFile(file, text);
    await write(`export const criterion = {
      name: "longest",
      reads: ["norm"],
      score: ({ change, norm }: { change: number; norm: number }) => change / norm,
    };`);
    const json = `${folder}/whole.json`, trace = `${folder}/whole.arrow`;
    const words = [...SLIPSTREAM, "--criterion", file];
    await succeed("train", [
      ...words,
      ...["--json", json, "--trace", trace],
      ...["--checkpoint", `${folder}/run`, "--checkpoint-every", "100"],
    ]);
    const whole = await readJson<ResultDocument>(json);
    assert.equal(whole.plan.options.criterion, "longest");
    assert.match(`${whole.plan.options.criterion_sha256}`, /^[0-9a-f]{64}$/);
    assert.deepEqual((await readTrace(trace)).header.plan.options, whole.plan.options);
    assert.ok(whole.plan.decisions.length > 1);
    // From the newest checkpoint to the end, with the criterion loaded anew.
    const rest = `${folder}/rest.json`;
    await succeed("train", ["--resume", `${folder}/run`, "--json", rest]);
    assert.deepEqual(timeless(await readJson(rest)), timeless(whole));
    await write(`export const criterion = { name: "longest", score: () => 0 };`);
    await fail(
      "train",
      ["--resume", `${folder}/run`],
      1,
      /^error: Cannot use criterion .*longest\.ts: it has changed since the run began, /,
    );
    await fail(
      "train",
      [...DATA, "--plan", "slipstream", "--criterion", "papre"],
      2,
      /^error: Cannot use --criterion papre: it must be one of paper, .*did you mean paper\?/,
    );
  }));
