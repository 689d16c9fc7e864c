/** A queue of runs that leaves a record of each, whatever interrupts it. */

import assert from "node:assert/strict";
import { inFolder } from "../data/rows.ts";
import { command, fail, interruptAt, succeed } from "./command.ts";

const QUEUE = [
  ...["record", "ablation", "--workloads", "rm4", "--inputs", "4000", "--batch", "64"],
  ...["--seeds", "2", "--variants", "fae,schedule=interleaved", "random-drop,schedule=interleaved"],
  ...["--device", "cpu"],
];

/** Records by name, with what does not depend on the moment. */
async function recordsIn(folder: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { name } of Deno.readDirSync(folder)) {
    const { recording, run } = JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
    found[name] = [recording.beside, run.metrics, run.work];
  }
  return found;
}

Deno.test("a queue that SIGTERM ends goes on with the same words, and two processes share one", () =>
  inFolder(async (folder) => {
    const words = (name: string) => [
      ...[...QUEUE, "--out", `${folder}/${name}`, "--records", `${folder}/${name}-records`],
      ...["--beside", "a test"],
    ];
    const { status, err } = await interruptAt("bench", words("cut"), /: AUC /, "SIGTERM");
    assert.equal(status, 143, err);
    assert.match(
      err,
      /^Interrupted: what was trained is kept; go on with deno task bench record /m,
    );
    const again = (await succeed("bench", words("cut"))).err;
    assert.match(again, /^4 runs: [12] recorded in .*, [23] to train, /m);
    const both = await Promise.all([0, 1].map(() => command("bench", words("whole")).output()));
    const said = both.map(({ code, stderr }) => {
      const text = new TextDecoder().decode(stderr);
      assert.equal(code, 0, text);
      return text;
    }).join("");
    assert.equal(said.match(/: AUC /g)!.length, 4, said);
    const records = await recordsIn(`${folder}/whole-records`);
    assert.equal(Object.keys(records).length, 4);
    assert.deepEqual(await recordsIn(`${folder}/cut-records`), records);
    const shown = await succeed("bench", [
      ...["ablation", "--recorded", "--workloads", "rm4", "--records", `${folder}/whole-records`],
      ...["--out", `${folder}/whole`],
    ]);
    assert.match(shown.out, /minibatches of 64, .* hot \(recorded\)$/m);
    assert.ok((await Deno.stat(`${folder}/whole/ablation-recorded.json`)).isFile);
  }));

Deno.test("a record that cannot be written costs no other, and its run is kept", () =>
  inFolder(async (folder) => {
    const records = `${folder}/records`;
    const one = QUEUE.map((word) => word === "2" ? "1" : word);
    const words = [...one, "--out", folder, "--records", records];
    const path = `${records}/rm4-4000-by64-fae,schedule=interleaved-seed1.json`;
    await Deno.mkdir(path, { recursive: true });
    await fail("bench", words, 1, /^error: Cannot record 1 run: the reasons are above/);
    assert.equal([...Deno.readDirSync(records)].length, 2);
    await Deno.remove(path);
    const { err } = await succeed("bench", words);
    assert.doesNotMatch(err, /: AUC /, "nothing is trained again");
    assert.equal(Object.keys(await recordsIn(records)).length, 2);
  }));

Deno.test("a variant with a criterion of one's own is recorded by its name and hash, and its command has the file", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mine.ts`, records = `${folder}/records`;
    await Deno.writeTextFile(
      file,
      'export const criterion = { name: "mine", score: ({ change }) => change };\n',
    );
    const words = [...QUEUE.slice(0, QUEUE.indexOf("--seeds")), "--device", "cpu"];
    words.push("--variants", `slipstream,criterion=${file},schedule=interleaved`, "--seeds", "1");
    await succeed("bench", [...words, "--out", folder, "--records", records]);
    const [{ name }] = [...Deno.readDirSync(records)] as [Deno.DirEntry];
    assert.match(
      name,
      /^rm4-4000-by64-slipstream,criterion=mine@\w{12},schedule=inter.*-seed1\.json$/,
    );
    const { recording } = JSON.parse(await Deno.readTextFile(`${records}/${name}`));
    assert.ok(recording.command.includes(`criterion=${file}`), recording.command);
    const jobs = await succeed("bench", ["jobs", ...words.slice(1)]);
    assert.ok(jobs.out.includes(`criterion=${file}`), jobs.out);
  }));

Deno.test("record says what it needs, and records are shown by experiments that can show them", async () => {
  await fail("bench", ["record"], 2, /Cannot record: name the experiments whose runs are/);
  await fail("bench", ["record", "memory"], 2, /Cannot list jobs of memory/);
  // Before any training.
  const nowhere = [...QUEUE, "--out", "runs/nowhere", "--records", "deno.json"];
  await fail("bench", nowhere, 2, /Cannot use --records deno\.json: it is not a folder$/);
  await fail("bench", ["jobs", "ablation", "--recorded"], 2, /Cannot use --recorded with jobs/);
  await fail("bench", ["skew", "--recorded"], 2, /the flag is for .*ablation/);
  await fail("bench", ["ablation", "--recorded", "--full"], 2, /Cannot use --recorded with --full/);
});
