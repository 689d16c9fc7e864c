/** What is killed: trainings of every plan, placement and device; preparations; a suite; counts. */

import { Sha256 } from "../../core/files.ts";
import { PLAN_NAMES } from "../../train/plan/plans.ts";
import { PLACEMENTS } from "../../train/model/placement.ts";
import type { ResultDocument } from "../../train/run/result.ts";
import { readJson, TINY } from "../e2e/command.ts";
import { webGpuAvailable } from "../kernels/webgpu_available.ts";
import { scratchFolder } from "../fuzz/scratch.ts";
import type { Work } from "./tries.ts";

async function hashOf(path: string): Promise<string> {
  return new Sha256().update(await Deno.readFile(path)).hex();
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Whether a folder holds a checkpoint that a run can go on from. */
async function hasCheckpoint(folder: string): Promise<boolean> {
  if (!await exists(folder)) return false;
  return [...Deno.readDirSync(folder)].some(({ name }) => /^step-\d+$/.test(name));
}

function training(plan: string, placement: string, device: string): Work {
  return {
    name: `train: ${plan}, rows ${placement}, ${device}`,
    task: "train",
    async words(folder) {
      const files = ["--json", `${folder}/out.json`, "--save", `${folder}/weights`, "--quiet"];
      const run = `${folder}/run`;
      if (await hasCheckpoint(run)) return ["--resume", run, ...files];
      return [
        ...["--data", "synthetic:4000", "--tables", "60-30-20", "--batch", "32", "--threads", "1"],
        ...[...TINY.slice(2, -2), "--device", device, "--optimizer", "adagrad"],
        ...["--plan", plan, "--placement", placement, "--eval-every", "25"],
        ...plan === "baseline" ? [] : ["--profile", "1", "--hot-memory", "0.001"],
        ...["--checkpoint", run, "--checkpoint-every", "10", ...files],
      ];
    },
    async result(folder) {
      const { losses, metrics } = await readJson<ResultDocument>(`${folder}/out.json`);
      return { losses, metrics, weights: await hashOf(`${folder}/weights/model.safetensors`) };
    },
  };
}

function trainings(): Work[] {
  const devices = ["cpu", ...webGpuAvailable ? ["webgpu"] : []];
  return devices.flatMap((device) =>
    PLAN_NAMES.flatMap((plan) =>
      PLACEMENTS.filter((placement) => (placement === "hot") === (plan !== "baseline"))
        .map((placement) => training(plan, placement, device))
    )
  );
}

/** A log in Criteo's format, written once. */
async function madeUpLog(): Promise<string> {
  const line = (i: number) =>
    [
      i % 2,
      ...Array(13).fill(i % 7),
      ...Array.from({ length: 26 }, (_, c) => ((i * 7 + c) % 97).toString(16).padStart(8, "0")),
    ].join("\t");
  const log = `${await scratchFolder()}/train.txt`;
  await Deno.writeTextFile(log, Array.from({ length: 40_000 }, (_, i) => `${line(i)}\n`).join(""));
  return log;
}

let madeLog: Promise<string> | null = null;

const preparation: Work = {
  name: "prepare a log",
  task: "train",
  async words(folder) {
    const log = await (madeLog ??= madeUpLog());
    return [
      ...["--data", log, "--cache", `${folder}/cache`, "--json", `${folder}/out.json`],
      ...["--max-steps", "5", "--quiet", ...TINY],
    ];
  },
  async result(folder) {
    const { losses, metrics, dataset } = await readJson<ResultDocument>(`${folder}/out.json`);
    return { losses, metrics, inputs: dataset.inputs };
  },
};

const counts: Work = {
  name: "count a trace",
  task: "simulate",
  words: (folder) =>
    Promise.resolve([
      ...["counts", "--twin", "rm4", "--inputs", "40000", "--warm-up", "2", "--quiet"],
      ...["--out", `${folder}/rm4.json`],
    ]),
  result: (folder) => hashOf(`${folder}/rm4.json`),
};

const suite: Work = {
  name: "suite of smoke runs",
  task: "bench",
  words: (folder) =>
    Promise.resolve([
      "--smoke",
      "--device",
      "cpu",
      "--threads",
      "1",
      "--quiet",
      "--out",
      `${folder}/bench`,
    ]),
  async result(folder) {
    const { tables } = await readJson<{ readonly tables: readonly { readonly rows: unknown }[] }>(
      `${folder}/bench/speedup.json`,
    );
    const { status } = await readJson<{ readonly status: string }>(`${folder}/bench/suite.json`);
    return { rows: tables.map(({ rows }) => rows), status };
  },
};

/** All of it. */
export const WORKS: readonly Work[] = [...trainings(), preparation, counts, suite];

/** Names of those that differ in what they write. */
export const WRITING_WORKS: ReadonlySet<string> = new Set([
  "train: slipstream, rows hot, cpu",
  "train: baseline, rows hybrid, webgpu",
  ...[preparation, counts, suite].map(({ name }) => name),
]);
