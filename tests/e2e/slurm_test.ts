/** docs/cluster.md on a Slurm of one node: arrays of runs, one of them told to end and queued again, and of parts of a sweep. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { BenchDocument } from "../../bench/report.ts";
import { inFolder } from "../data/rows.ts";
import { follow, ROOT, section } from "../docs/page.ts";
import { readJson, succeed } from "./command.ts";

const required = Deno.env.get("SLIPSTREAM_REQUIRE_SLURM") === "1";

async function installed(): Promise<boolean> {
  try {
    await new Deno.Command("slurmctld", { args: ["-V"], stdout: "null" }).output();
    return true;
  } catch {
    return false;
  }
}

/** The study of the page, on one machine. */
const STUDY = [
  ...["ablation", "--workloads", "rm2", "--inputs", "20000", "--batch", "64", "--seeds", "3"],
  ...["--variants", "fae", "--device", "cpu"],
];
const SWEEP = ["sweep", "--trace", "rm2", "--axis", "gpus=1,2,4", "link.generation=3,4,5"];

function rowsOf({ tables }: BenchDocument) {
  return tables.map(({ columns, rows }) => {
    const kept = columns.flatMap(({ name }, c) => /minutes|, s$|seconds/.test(name) ? [] : [c]);
    return rows.map((row) => kept.map((c) => row[c]));
  });
}

/** A Slurm of one node while a body runs, which gets what clients need of the environment. */
async function withSlurm(
  folder: string,
  body: (env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  await using cluster = new Deno.Command("bash", {
    args: [fileURLToPath(new URL("../slurm/cluster.sh", import.meta.url)), folder],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = cluster.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "ready\n");
  await body({ SLURM_CONF: `${folder}/slurm.conf` });
  await reader.cancel();
  await cluster.stdin.close();
  await cluster.status;
}

/** The seed of the first run of a study that has its claim. */
async function firstClaim(trained: string): Promise<string> {
  await Deno.mkdir(trained, { recursive: true });
  const seedOf = (path: string) => /seed(\d)\.lock$/.exec(path)?.[1];
  using watcher = Deno.watchFs(trained);
  for (const { name } of Deno.readDirSync(trained)) {
    const seed = seedOf(name);
    if (seed !== undefined) return seed;
  }
  for await (const { paths } of watcher) {
    const seed = paths.map(seedOf).find((one) => one !== undefined);
    if (seed !== undefined) return seed;
  }
  return assert.fail("no run was claimed");
}

Deno.test({
  name:
    "docs/cluster.md on Slurm: a study with a run that is requeued, and a sweep, come to what one machine does",
  ignore: !required && !await installed(),
  fn: () =>
    inFolder((folder) =>
      withSlurm(folder, async (env) => {
        const slurm = async (program: string, ...args: string[]): Promise<void> => {
          const { success, stderr } = await new Deno.Command(program, { args, env }).output();
          assert.ok(success, `${program}: ${new TextDecoder().decode(stderr)}`);
        };
        const ended = (job: string) =>
          slurm(
            "sbatch",
            "--wait",
            `--dependency=afterany:${job}`,
            "-o",
            "/dev/null",
            "--wrap=true",
          );
        const page = await Deno.readTextFile(`${ROOT}docs/cluster.md`);
        let block = 0;
        await follow(section(page, "## Slurm"), {
          env,
          after: async (copy, output) => {
            block++;
            const jobs = output.trimEnd().split("\n").filter((line) => /^\d+$/.test(line));
            if (block === 1) {
              const [array, collect] = jobs as [string, string];
              // As at the end of its time.
              const seed = await firstClaim(`${copy}/runs/slurm/trained`);
              await slurm("scancel", "--batch", "--signal=TERM", `${array}_${seed}`);
              await ended(collect);
              await checkStudy(copy, folder, seed);
            } else if (block === 2) await ended(jobs[0]!);
            else await checkSweep(copy, folder);
          },
        });
        assert.equal(block, 3);
      })
    ),
});

async function checkStudy(copy: string, folder: string, requeued: string): Promise<void> {
  assert.doesNotMatch(await Deno.readTextFile(`${copy}/jobs/collect.log`), /error|missing/);
  const runs = await Deno.readTextFile(`${copy}/jobs/runs-${requeued}.log`);
  assert.equal(runs.match(/^Slipstream /gm)?.length, 2, runs);
  await succeed("bench", [...STUDY, "--out", `${folder}/whole`, "--quiet"]);
  const [split, whole] = await Promise.all(
    [`${copy}/runs/slurm`, `${folder}/whole`].map((path) =>
      readJson<BenchDocument>(`${path}/ablation.json`)
    ),
  );
  assert.deepEqual(rowsOf(split!), rowsOf(whole!));
}

async function checkSweep(copy: string, folder: string): Promise<void> {
  await succeed("simulate", [...SWEEP, "--csv", `${folder}/whole.csv`]);
  const [split, whole] = await Promise.all(
    [`${copy}/sweep.csv`, `${folder}/whole.csv`].map(async (path) =>
      (await Deno.readTextFile(path)).split("\n").sort()
    ),
  );
  assert.deepEqual(split, whole);
}
