import assert from "node:assert/strict";
import { inFolder } from "../data/rows.ts";
import { fail, succeed, TINY, trainToJson } from "./command.ts";
import { writeClicks } from "./criteo_file.ts";

Deno.test("a twin is fitted to a log, shown, and trained on", () =>
  inFolder(async (folder) => {
    const log = await writeClicks(folder, 1500);
    const params = `${folder}/own.json`, plot = `${folder}/own.svg`;
    const words = ["--cache", `${folder}/cache`, "--name", "rm2", "--quiet"];
    const { out, err } = await succeed("data", [
      ...["fit", log, "--out", params, "--plot", plot],
      ...words,
    ]);
    assert.equal(err, "");
    assert.match(out, /^\| 750 inputs held back +\| measured \| +twin \| +± \|\n/);
    assert.match(out, /\| distinct ids \| in 1,500 inputs \|/);
    assert.match(await Deno.readTextFile(plot), /^<svg /);
    const { dataset, metrics } = await trainToJson(folder, [
      ...["--data", `twin:${params}:4000`, "--optimizer", "adagrad"],
      ...TINY,
    ]);
    assert.equal(dataset.format, "twin-rm2");
    assert.equal(dataset.inputs.train, 3429);
    assert.ok(metrics !== null && metrics.logloss! < 1);
  }));

Deno.test("data fit refuses a wrong command line with status 2 and one line", async () => {
  await fail("data", ["fit", "a"], 2, /Cannot start without --out/);
  await fail("data", ["fit", "--out", "a.json"], 2, /Cannot start without --data/);
  await fail("data", ["fit", "a", "--out", "deno.json/a.json"], 2, /is not a folder$/);
  await fail("data", ["fit", "a", "--out", "a.json", "--workload", "rm5"], 2, /rm1, rm2, rm3, rm4/);
  await fail("data", ["fit", "no-such-file", "--out", "a.json"], 1, /No such file/);
});
