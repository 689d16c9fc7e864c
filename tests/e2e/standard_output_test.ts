/** `-` in the place of a file: standard output takes it, and nothing else. */

import assert from "node:assert/strict";
import { inFolder } from "../data/rows.ts";
import { fail, succeed, TINY } from "./command.ts";

const DATA = ["--data", "synthetic:2000", ...TINY];

Deno.test("train --json - prints the document alone, and makes the folders of its other files", () =>
  inFolder(async (folder) => {
    const files = ["--json", "-", "--trace", `${folder}/a/b/run.arrow`];
    const { out, err } = await succeed("train", [...DATA, ...files]);
    const { schema, throughput } = JSON.parse(out);
    assert.equal(schema, "slipstream.train");
    assert.ok(err.includes(`${throughput.steps} steps`), err);
    assert.ok(err.includes("Trace in "), err);
    assert.ok(!err.includes("Result in"), err);

    const run = ["--trace", `${folder}/a/b/run.arrow`, "--system", "pytorch-hybrid"];
    const trace = [...run, "--draws", "0"];
    const csv = await succeed("simulate", [
      ...trace,
      "--csv",
      "-",
      "--json",
      `${folder}/new/r.json`,
    ]);
    const [head, first] = csv.out.split("\n");
    assert.ok(head!.startsWith("trace,"), head);
    assert.equal(head!.split(",").length, first!.split(",").length);
    assert.ok((await Deno.stat(`${folder}/new/r.json`)).size > 0);
    await fail(
      "simulate",
      [...trace, "--csv", "-", "--json", "-"],
      2,
      /^error: Cannot use --csv -: --json/,
    );
  }));

Deno.test("data and bench print a document or tables alone where - is their file", () =>
  inFolder(async (folder) => {
    const profile = await succeed("data", ["profile", "synthetic:2000", "--json", "-", "-q"]);
    assert.ok(JSON.parse(profile.out).tables.length > 0);
    assert.equal(profile.err, "");
    const smoke = ["skew", "--smoke", "--workloads", "rm2", "--out", `${folder}/deep/results`];
    const bench = await succeed("bench", [...smoke, "--csv", "-"]);
    const blocks = bench.out.trimEnd().split("\n\n");
    for (const block of blocks) {
      const widths = block.split("\n").map((line) => line.split(",").length);
      assert.ok(widths.length > 1 && widths[0]! > 1, block);
    }
    const files = Array.from(Deno.readDirSync(`${folder}/deep/results`), ({ name }) => name);
    assert.equal(blocks.length, files.filter((name) => name.endsWith(".csv")).length);
  }));
