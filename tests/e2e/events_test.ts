/** Runs that are watched while they train, and looked at on a page. */

import assert from "node:assert/strict";
import { readEvents } from "../../train/events/read_events.ts";
import { inFolder } from "../data/rows.ts";
import { command, fail, run, succeed, TINY } from "./command.ts";
import { HAS_POSIX_SHELL } from "./platform.ts";

const DATA = ["--data", "synthetic:2000", ...TINY];

Deno.test("train --events and --page, and bench report of two runs", () =>
  inFolder(async (folder) => {
    const files = (name: string) => [
      ...["--events", `${folder}/${name}.jsonl`, "--page", `${folder}/${name}.html`],
    ];
    const { out } = await succeed("train", [...DATA, ...files("one")]);
    assert.ok(out.includes(`Page in ${folder}/one.html`), out);
    assert.match(await Deno.readTextFile(`${folder}/one.html`), /<h1>Run of baseline<\/h1>/);
    assert.equal((await readEvents(`${folder}/one.jsonl`)).at(-1)!.event, "end");

    await succeed("train", [...DATA, "--seed", "7", "--events", `${folder}/two.jsonl`]);
    const both = [`${folder}/one.jsonl`, `${folder}/two.jsonl`];
    const report = await succeed("bench", ["report", ...both, "--out", `${folder}/a/both.html`]);
    assert.equal(report.out, `${folder}/a/both.html: 2 runs\n`);
    assert.match(await Deno.readTextFile(`${folder}/a/both.html`), /<h1>2 runs<\/h1>/);
    await succeed("bench", ["report", both[1]!]);
    assert.match(await Deno.readTextFile(`${folder}/two.html`), /<h1>Run of baseline<\/h1>/);

    await fail("bench", ["report", both[0]!, both[0]!], 1, /Cannot show .* twice/);
    await fail("bench", ["report", `${folder}/no.jsonl`], 1, /Cannot read .*no\.jsonl: /);
    await fail("bench", ["report", ...both, "--out", both[1]!], 2, /two\.jsonl: files with this/);
    await fail("bench", ["report", folder, "--out", "a.html"], 2, /Cannot use --out a\.html: /);
  }));

Deno.test("train --events - prints events alone", async () => {
  const { out, err } = await run("train", [...DATA, "--events", "-"]);
  const events = out.trimEnd().split("\n").map((line) => JSON.parse(line).event);
  assert.deepEqual([events[0], events.at(-1)], ["start", "end"]);
  assert.match(err, / samples in \d+ steps/);
});

// Windows has no pipes with names in folders.
Deno.test({
  name: "a reader of events that goes away is told of once, and does not end the run",
  ignore: !HAS_POSIX_SHELL,
  fn: () =>
    inFolder(async (folder) => {
      const pipe = `${folder}/pipe`;
      assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
      const reader = new Deno.Command("head", { args: ["-n", "1", pipe], stdout: "piped" })
        .output();
      const training = await command("train", [
        ...["--data", "synthetic:60000", ...TINY, "--events", pipe],
      ]).output();
      const err = new TextDecoder().decode(training.stderr);
      assert.equal(training.code, 0, err);
      assert.equal(JSON.parse(new TextDecoder().decode((await reader).stdout)).event, "start");
      const warnings = err.split("\n").filter((line) => line.startsWith("warning: "));
      assert.equal(warnings.length, 1, err);
      assert.match(warnings[0]!, /Broken pipe; the run goes on without writing its events$/);
    }),
});
