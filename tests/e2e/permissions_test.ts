/** Each task with exactly the permissions that deno.json gives it: what it asks for beyond them fails. */

import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { inFolder } from "../data/rows.ts";
import { run, succeed, type Task, TINY } from "./command.ts";

const ENV = "--allow-env=CI,TERM,DENO_WEBGPU_BACKEND,XDG_RUNTIME_DIR";
const FILES = ["--allow-read", "--allow-write"];

/** What each task may do. A new permission needs a reason in the README. */
const PERMISSIONS: Readonly<Record<Task, readonly string[]>> = {
  train: [...FILES, ENV, "--allow-sys=cpus"],
  data: FILES,
  bench: [
    ...[...FILES, `${ENV},PATH,HOME`, "--allow-sys=cpus,setPriority"],
    "--allow-run=git,python3,/usr/bin/python3",
  ],
  simulate: [...FILES, ENV, "--allow-sys=cpus"],
  // esbuild is a program of its own, which gets a copy of all variables.
  page: [...FILES, "--allow-env", "--allow-run", "--allow-net=127.0.0.1"],
};

for (const [task, wanted] of Object.entries(PERMISSIONS)) {
  Deno.test(`deno task ${task} asks for no more than it needs`, () => {
    const { command } = project.tasks[task as Task];
    assert.deepEqual(command.split(" ").filter((word) => /^(-A|--allow)/.test(word)), wanted);
  });
}

Deno.test("every task draws, writes tables and reads back what it wrote with its own permissions", () =>
  inFolder(async (folder) => {
    await succeed("train", [
      ...["--data", "synthetic:2000", "--max-steps", "3", "--trace", `${folder}/run.arrow`],
      ...["--save", `${folder}/weights`, "--checkpoint", `${folder}/run`, ...TINY],
    ]);
    const { out } = await succeed("simulate", [
      ...["--trace", `${folder}/run.arrow`, "--csv", `${folder}/times.csv`, "--system", "xdl"],
    ]);
    assert.match(out, /run\.arrow: run of \d+ inputs/);
    await succeed("data", [
      ...["profile", "synthetic:2000", "--plot", `${folder}/profile.svg`],
    ]);
    const { err } = await succeed("bench", [
      ...["memory", "--smoke", "--device", "cpu", "--out", `${folder}/bench`],
    ]);
    assert.match(err, /with its report .*report\.html/);
  }));

for (const task of ["gpu", "fuzz", "faults"] as const) {
  Deno.test(`deno task ${task} starts with its own permissions`, async () => {
    const { status, out, err } = await run(task, ["--help"]);
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, new RegExp(`^Usage: deno task ${task}`, "m"));
  });
}
