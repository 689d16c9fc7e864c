/** Signals and streams that end: what is asked for is written whatever becomes of the terminal. */

import assert from "node:assert/strict";
import type { ResultDocument } from "../../train/run/result.ts";
import { inFolder } from "../data/rows.ts";
import { command, interruptAt, readJson, succeed, TINY } from "./command.ts";
import { HAS_DEV_FULL, HAS_POSIX_SHELL, HAS_SIGNALS } from "./platform.ts";

const LONG = ["--data", "synthetic:20000", "--epochs", "10000", "--eval-every", "30"];
/** A test that sends a signal. */
function signalTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !HAS_SIGNALS, fn });
}

/** A test whose streams a shell redirects. */
function streamTest(redirection: string, name: string, fn: () => Promise<void>): void {
  const has = HAS_POSIX_SHELL && (HAS_DEV_FULL || !redirection.includes("/dev/full"));
  Deno.test({ name, ignore: !has, fn });
}

const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  signalTest(
    `a training that ${signal} ends keeps its checkpoint, result and weights`,
    () =>
      inFolder(async (folder) => {
        const json = `${folder}/out.json`, checkpoint = `${folder}/run`;
        const outputs = ["--json", json, "--save", `${folder}/weights`, "--checkpoint", checkpoint];
        const { status, out, err } = await interruptAt(
          "train",
          [...LONG, ...outputs, ...TINY],
          /^Step 60: AUC/,
          signal,
        );
        assert.equal(status, STATUS[signal], err);
        assert.match(out, /^Interrupted after step [\d,]+, /);
        assert.match(err, /To go on: deno task train --resume /);
        const { ended } = await readJson<ResultDocument>(json);
        assert.equal(ended.how, "interrupted");
        const state = await Deno.stat(`${checkpoint}/step-${`${ended.step}`.padStart(9, "0")}`);
        assert.ok(state.isDirectory);
        assert.ok((await Deno.stat(`${folder}/weights/model.safetensors`)).size > 0);
      }),
  );
}

signalTest(
  "a training whose minibatches other threads prepare ends by SIGINT, and goes on to the same bits",
  () =>
    inFolder(async (folder) => {
      const args = ["--data", "synthetic:20000", "--eval-every", "30", "--threads", "1", ...TINY];
      const straight = `${folder}/straight.json`;
      await succeed("train", [
        ...args,
        "--epochs",
        "2",
        "--prepare-workers",
        "0",
        "--json",
        straight,
      ]);
      const { status, out, err } = await interruptAt(
        "train",
        [...args, "--epochs", "2", "--prepare-workers", "2", "--checkpoint", `${folder}/run`],
        /^Step 60: AUC/,
      );
      assert.equal(status, 130, err);
      assert.match(out, /^Interrupted after step [\d,]+, /);
      const json = `${folder}/out.json`;
      await succeed("train", [
        "--resume",
        `${folder}/run`,
        "--prepare-workers",
        "1",
        "--json",
        json,
      ]);
      const [whole, resumed] = [
        await readJson<ResultDocument>(straight),
        await readJson<ResultDocument>(json),
      ];
      assert.equal(resumed.ended.how, "completed");
      assert.deepEqual(resumed.losses, whole.losses);
      assert.deepEqual(resumed.evaluations, whole.evaluations);
    }),
);

signalTest("a suite that SIGTERM ends is not left running", () =>
  inFolder(async (folder) => {
    const { status, err } = await interruptAt(
      "bench",
      ["--smoke", "--device", "cpu", "--threads", "1", "--out", `${folder}/bench`],
      /^\[2\//,
      "SIGTERM",
    );
    assert.equal(status, 143, err);
    const state = await readJson<{ status: string }>(`${folder}/bench/suite.json`);
    assert.equal(state.status, "interrupted");
  }));

for (
  const [words, line] of [
    [["paper", "--draws", "1000000"], /^1000000 draws/],
    [
      ["break-even", "--trace", "rm2", "--draws", "1000000", "--axis", "drop=0", "hot_share=0.5"],
      /^rm2: a map of 1 cell, 1,000,000 draws/,
    ],

    [["sweep", "--trace", "rm2", "--axis", "hot_memory_mib=61"], /^rm2: hot memories of 61 MiB/],
  ] as const
) {
  signalTest(
    `deno task simulate ${words[0]} that SIGTERM ends says that nothing was written`,
    async () => {
      const { status, out, err } = await interruptAt("simulate", words, line, "SIGTERM");
      assert.equal(status, 143, err);
      assert.equal(out, "");
      assert.match(err, /^Interrupted: nothing was written$/m);
    },
  );
}

signalTest(
  "deno task data profile that SIGTERM ends writes nothing",
  () =>
    inFolder(async (folder) => {
      const json = `${folder}/profile.json`;
      const { status, out, err } = await interruptAt(
        "data",
        ["profile", "twin:rm2:45840617", "--json", json],
        /^Split in sevenths/,
        "SIGTERM",
      );
      assert.equal(status, 143, err);
      assert.equal(out, "");
      await assert.rejects(Deno.stat(json), Deno.errors.NotFound);
    }),
);

/** A short training with files, in a shell that does something with its streams. */
async function inShell(
  folder: string,
  redirection: string,
): Promise<{ code: number; err: string }> {
  const args = [
    ...["--data", "synthetic:7000", "--max-steps", "40", "--eval-every", "10"],
    ...["--json", `${folder}/out.json`, "--save", `${folder}/weights`, ...TINY],
  ];
  const { code, stderr } = await command("train", args, redirection).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

for (
  const [what, redirection, status] of [
    ["a reader that has gone", "| true", 0],
    ["a full disk for the output", "> /dev/full", 1],
    ["a full disk for the messages", "2> /dev/full", 0],
    ["closed streams", ">&- 2>&-", 0],
  ] as const
) {
  streamTest(
    redirection,
    `${what} ends the printing of a training, not its work`,
    () =>
      inFolder(async (folder) => {
        const { code, err } = await inShell(folder, redirection);
        if (status === 0) assert.equal(code, 0, err);
        else {
          assert.equal(code, 1);
          assert.match(err, /^error: Cannot write to standard output: No space left on device; /m);
        }
        const { ended } = await readJson<ResultDocument>(`${folder}/out.json`);
        assert.deepEqual([ended.how, ended.step], ["completed", 40]);
        assert.ok((await Deno.stat(`${folder}/weights/optimizer.safetensors`)).size > 0);
      }),
  );
}

for (
  const [task, words, file] of [
    ["simulate", ["--trace", "rm2", "--json"], "out.json"],
    ["simulate", ["explain", "--trace", "rm2", "--draws", "2", "--json"], "out.json"],
    ["simulate", ["paper", "--first", "--json"], "out.json"],
    [
      "simulate",
      [
        ...["break-even", "--trace", "rm2", "--draws", "0", "--axis", "hot_share=0.5,0.7"],
        ...["--axis", "drop=0,0.3", "--points", "v100x4", "--quiet", "--json"],
      ],
      "out.json",
    ],
    ["data", ["profile", "synthetic:2000", "--json"], "profile.json"],
    ["bench", ["memory", "--smoke", "--device", "cpu", "--json"], "memory.json"],
  ] as const
) {
  const first = words[0].startsWith("--") ? "" : ` ${words[0]}`;
  streamTest(
    "> /dev/full",
    `deno task ${task}${first} writes its files whether or not its output is read`,
    () =>
      inFolder(async (folder) => {
        const path = `${folder}/${file}`;
        const place = task === "bench" ? ["--out", `${folder}/bench`] : [];
        const { code, stderr } = await command(task, [...words, path, ...place], "> /dev/full")
          .output();
        const err = new TextDecoder().decode(stderr);
        assert.equal(code, 1, err);
        assert.match(err, /^error: Cannot write to standard output: /m);
        assert.doesNotMatch(err, /^ {4}at /m);
        await readJson(path);
      }),
  );
}

Deno.test("weights that cannot be saved go to the folder that is named for that", () =>
  inFolder(async (folder) => {
    // The folder can be written when the run begins, and is a file when it ends.
    const weights = `${folder}/weights`, fallback = `${folder}/other`;
    const args = [
      ...["--data", "synthetic:7000", "--max-steps", "5", "--save", weights],
      ...["--save-fallback", fallback, ...TINY],
    ];
    await Deno.mkdir(`${weights}/model.safetensors/held`, { recursive: true });
    const { out, err } = await succeed("train", args);
    assert.match(err, new RegExp(`^warning: Cannot save weights to ${weights}: `, "m"));
    assert.match(out, new RegExp(`^Weights in ${fallback}$`, "m"));
    assert.ok((await Deno.stat(`${fallback}/model.json`)).isFile);
    const left = [...Deno.readDirSync(weights)].map(({ name }) => name);
    assert.deepEqual(left, ["model.safetensors"]);
  }));
