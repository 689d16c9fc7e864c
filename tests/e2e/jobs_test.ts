/** A study that is split into a list of commands comes to the tables of one command. */

import assert from "node:assert/strict";
import type { BenchDocument } from "../../bench/report.ts";
import { tryLock } from "../../core/lock.ts";
import { inFolder } from "../data/rows.ts";
import { command, fail, interruptAt, readJson, run, succeed } from "./command.ts";
import { HAS_SIGNALS } from "./platform.ts";

const STUDY = [
  ...["ablation", "--workloads", "rm4", "--inputs", "4000", "--batch", "64", "--seeds", "2"],
  ...["--variants", "fae", "slipstream,drop=0.5", "--device", "cpu", "--threads", "1", "--quiet"],
];

/** A table without the minutes that runs took. */
function timeless({ tables }: BenchDocument) {
  return tables.map(({ title, columns, rows }) => {
    const kept = columns.flatMap(({ name }, c) => /minutes|, s$|seconds/.test(name) ? [] : [c]);
    return { title, rows: rows.map((row) => kept.map((c) => row[c])) };
  });
}

Deno.test("jobs of a study, each run by itself, are collected into the table of one machine", () =>
  inFolder(async (folder) => {
    const whole = [...STUDY, "--out", `${folder}/whole`], out = `${folder}/split`;
    await succeed("bench", whole);
    const study = [...STUDY, "--out", out];
    const lines = (await succeed("bench", ["jobs", ...study])).out.trimEnd().split("\n");
    assert.equal(lines.length, 4);
    assert.equal(new Set(lines).size, 4);
    const words = lines.map((line) => {
      const [deno, task, name, ...rest] = line.split(" ");
      assert.deepEqual([deno, task, name, rest[0]], ["deno", "task", "bench", "run"]);
      return rest;
    });
    for (const line of words.slice(1)) await succeed("bench", [...line, "--quiet"]);
    const early = await run("bench", ["collect", ...study.filter((word) => word !== "--quiet")]);
    assert.equal(early.status, 1);
    assert.match(
      early.err,
      /^missing: deno task bench run .* --inputs 4000 --workloads rm4 --seeds 1 --first-seed 1 --variants fae /m,
    );
    assert.match(early.err, /^error: Cannot collect all: 1 run is missing; /m);
    // Two jobs of one key: the second waits for the first, and trains nothing.
    const both = await Promise.all([0, 1].map(() => command("bench", words[0]!).output()));
    const said = both.map(({ code, stderr }) => {
      assert.equal(code, 0);
      return new TextDecoder().decode(stderr);
    });
    assert.equal(said.filter((text) => /: AUC 0\./.test(text)).length, 1, said.join("\n"));
    await succeed("bench", ["collect", ...study]);
    const documents = await Promise.all(
      [`${folder}/whole`, out].map((path) => readJson<BenchDocument>(`${path}/ablation.json`)),
    );
    assert.deepEqual(timeless(documents[1]!), timeless(documents[0]!));
    assert.ok((await Deno.stat(`${out}/report.html`)).isFile);
  }));

Deno.test("jobs of a twin that drifts say so, and their table too", () =>
  inFolder(async (out) => {
    const study = [
      ...["ablation", "--workloads", "rm4", "--inputs", "4000", "--batch", "64", "--seeds", "1"],
      ...["--variants", "fae", "--drift-days", "10", "--effect-exponent", "0.5"],
      ...["--device", "cpu", "--threads", "1", "--quiet", "--out", out],
    ];
    const line = (await succeed("bench", ["jobs", ...study])).out.trimEnd();
    assert.match(line, / --drift-days 10 --effect-exponent 0\.5 /);
    await succeed("bench", [...line.split(" ").slice(3), "--quiet"]);
    await succeed("bench", ["collect", ...study]);
    const { tables } = await readJson<BenchDocument>(`${out}/ablation.json`);
    assert.match(tables[0]!.title, /^RM4,drift=10,effect=0\.5, 4,000 inputs/);
    const log = await run("bench", ["ablation", "--workloads", "rm2", ...study.slice(3)]);
    assert.deepEqual(
      log.err,
      "error: Cannot draw twin rm2: drift is asked for, and its parameters do not say how ids come and go\n",
    );
  }));

Deno.test("a job that waits for another's run ends by SIGTERM as one that trains does", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/trained`);
    using _claim = await tryLock(`${folder}/trained/rm4-4000-by64-fae-seed1.lock`);
    const words = [
      ...["run", "--workloads", "rm4", "--inputs", "4000", "--batch", "64", "--seeds", "1"],
      ...["--variants", "fae", "--device", "cpu", "--out", folder],
    ];
    const { status, err } = await interruptAt("bench", words, /; waiting$/, "SIGTERM");
    assert.equal(status, 143, err);
    assert.match(err, /^Interrupted: what was trained is kept; the same command goes on with it$/m);
  }));

Deno.test("jobs for Slurm are a list, an array of its length and a job that waits for it", () =>
  inFolder(async (folder) => {
    await succeed("bench", ["jobs", ...STUDY, "--out", `${folder}/out`, "--slurm", `${folder}/s`]);
    const text = (name: string) => Deno.readTextFileSync(`${folder}/s/${name}`);
    assert.equal(text("jobs.txt").trimEnd().split("\n").length, 4);
    assert.match(text("runs.sbatch"), /^#SBATCH --array=1-4$/m);
    assert.match(text("collect.sbatch"), /^exec deno task bench collect ablation .*--seeds 2 /m);
    assert.match(text("submit.sh"), /--dependency="afterok:\$array"/);
  }));

Deno.test("any list of commands becomes an array for Slurm", () =>
  inFolder(async (folder) => {
    const list = `${folder}/counts.txt`, lines = ["deno task a 'b c'", "deno task d > e"];
    await Deno.writeTextFile(list, `# counts\n${lines.join("\n\n")}`);
    await succeed("bench", ["jobs", "--list", list, "--slurm", `${folder}/s`]);
    const text = (name: string) => Deno.readTextFileSync(`${folder}/s/${name}`);
    assert.deepEqual(text("jobs.txt").trimEnd().split("\n"), lines);
    assert.match(text("runs.sbatch"), /^#SBATCH --array=1-2$/m);
    assert.doesNotMatch(text("submit.sh"), /collect/);
    await fail("bench", ["jobs", "--list", list], 2, /Cannot use --list: it takes --slurm /);
    await Deno.writeTextFile(list, "# none\n");
    const none = ["jobs", "--list", list, "--slurm", `${folder}/t`];
    await fail("bench", none, 2, /counts\.txt: it has no commands$/);
  }));

Deno.test({
  name: "an array's script runs all of a line, and queues it again once it has ended by SIGTERM",
  ignore: !HAS_SIGNALS,
  fn: () =>
    inFolder(async (folder) => {
      const list = `${folder}/list.txt`;
      await Deno.writeTextFile(
        list,
        `A=1 true && echo one; echo two | cat
false; echo not reached
trap 'echo kept; exit 143' TERM; echo begun; while :; do :; done
`,
      );
      await succeed("bench", ["jobs", "--list", list, "--slurm", `${folder}/s`]);
      await Deno.writeTextFile(`${folder}/scontrol`, '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
      const script = (line: number) =>
        new Deno.Command("sh", {
          args: [`${folder}/s/runs.sbatch`],
          stdout: "piped",
          env: {
            PATH: `${folder}:${Deno.env.get("PATH")}`,
            SLIPSTREAM_JOBS: `${folder}/s/jobs.txt`,
            SLURM_ARRAY_JOB_ID: "7",
            SLURM_ARRAY_TASK_ID: `${line}`,
          },
        }).spawn();
      const said = async (line: number): Promise<[number, string]> => {
        const { code, stdout } = await script(line).output();
        return [code, new TextDecoder().decode(stdout)];
      };
      assert.deepEqual(await said(1), [0, "one\ntwo\n"]);
      assert.deepEqual(await said(2), [1, ""]);
      const run = script(3);
      let out = "";
      for await (const text of run.stdout.pipeThrough(new TextDecoderStream())) {
        out += text;
        if (text === "begun\n") run.kill("SIGTERM");
      }
      assert.equal(out, "begun\nkept\nrequeue 7_3\n");
      assert.equal((await run.status).code, 0);
    }),
});

Deno.test("jobs and collect say what they need", async () => {
  await fail("bench", ["jobs"], 2, /name the experiments whose runs they are$/);
  await fail(
    "bench",
    ["jobs", "memory"],
    2,
    /Cannot list jobs of memory: it makes no training runs/,
  );
  const beyond = ["jobs", "ablation", "--workloads", "rm4", "--seeds", "3", "--first-seed", "5"];
  await fail("bench", beyond, 2, /Cannot run seeds from 5 on: --seeds ends at 3; /);
  await fail("bench", ["run", "--quiet"], 2, /Cannot make a run: it takes one of --workloads/);
});
