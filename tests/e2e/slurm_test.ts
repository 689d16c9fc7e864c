/** docs/cluster.md on a Slurm of one node: an array of runs, one of them told to end and queued again, and their table. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { BenchDocument } from "../../bench/report.ts";
import { inFolder } from "../data/rows.ts";
import { readJson, succeed } from "./command.ts";

const required = Deno.env.get("SLIPSTREAM_REQUIRE_SLURM") === "1";
const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

async function installed(): Promise<boolean> {
  try {
    await new Deno.Command("slurmctld", { args: ["-V"], stdout: "null" }).output();
    return true;
  } catch {
    return false;
  }
}

const STUDY = [
  ...["ablation", "--workloads", "rm4", "--inputs", "30000", "--batch", "64", "--seeds", "2"],
  ...["--variants", "fae", "--device", "cpu", "--threads", "1"],
];

function rowsOf({ tables }: BenchDocument) {
  return tables.map(({ columns, rows }) => {
    const kept = columns.flatMap(({ name }, c) => /minutes|, s$|seconds/.test(name) ? [] : [c]);
    return rows.map((row) => kept.map((c) => row[c]));
  });
}

Deno.test({
  name: "a study split over a Slurm array, a run of it requeued, comes to the table of one machine",
  ignore: !required && !await installed(),
  fn: () =>
    inFolder(async (folder) => {
      await using cluster = new Deno.Command("bash", {
        args: [fileURLToPath(new URL("../slurm/cluster.sh", import.meta.url)), folder],
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const lines = cluster.stdout.pipeThrough(new TextDecoderStream());
      const reader = lines.getReader();
      assert.equal((await reader.read()).value, "ready\n");
      const slurm = async (program: string, ...args: string[]): Promise<string> => {
        const { success, stdout, stderr } = await new Deno.Command(program, {
          args,
          cwd: PROJECT,
          env: { SLURM_CONF: `${folder}/slurm.conf` },
        }).output();
        assert.ok(success, `${program}: ${new TextDecoder().decode(stderr)}`);
        return new TextDecoder().decode(stdout).trim();
      };
      const out = `${folder}/out`, jobs = `${folder}/jobs`;
      await Deno.mkdir(`${out}/trained`, { recursive: true });
      await succeed("bench", ["jobs", ...STUDY, "--out", out, "--slurm", jobs]);
      using watcher = Deno.watchFs(`${out}/trained`);
      const [array, collect] = (await slurm("sh", `${jobs}/submit.sh`)).split("\n");
      // The first run that has its claim is told to end, as at the end of its time.
      let ended = "";
      for await (const { paths } of watcher) {
        const seed = paths.map((path) => /seed(\d)\.lock$/.exec(path)?.[1]).find(Boolean);
        if (seed === undefined) continue;
        await slurm("scancel", "--batch", "--signal=TERM", `${array}_${seed}`);
        ended = seed;
        break;
      }
      await slurm(
        "sbatch",
        "--wait",
        `--dependency=afterany:${collect}`,
        "--output=/dev/null",
        "--wrap=true",
      );
      const log = await Deno.readTextFile(`${jobs}/collect.log`);
      assert.doesNotMatch(log, /error|missing/);
      const runs = await Deno.readTextFile(`${jobs}/runs-${ended}.log`);
      assert.equal(runs.match(/^Slipstream /gm)?.length, 2, runs);
      await succeed("bench", [...STUDY, "--out", `${folder}/whole`]);
      const [split, whole] = await Promise.all(
        [out, `${folder}/whole`].map((path) => readJson<BenchDocument>(`${path}/ablation.json`)),
      );
      assert.deepEqual(rowsOf(split!), rowsOf(whole!));
      await reader.cancel();
      await cluster.stdin.close();
      await cluster.status;
    }),
});
