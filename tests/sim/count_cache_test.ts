import assert from "node:assert/strict";
import { CountCache } from "../../sim/count_cache.ts";
import { countTrace } from "../../sim/counts.ts";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { countingAhead, recount } from "../../sim/recount.ts";
import { condense, countTraceRuns } from "../../sim/work.ts";
import { inFolder } from "../data/rows.ts";

const OPTIONS = {
  twin: "rm4",
  inputs: 20_000,
  batch: 64,
  hotMemoryBytes: 2 ** 17,
  profileEvery: 1,
  warmup: 2,
  threads: 1,
} as const;

Deno.test("counts are kept by what decides them, and a damaged one is counted again", () =>
  inFolder(async (folder) => {
    const trace = countTraceRuns(await countTrace(OPTIONS));
    const cache = new CountCache(`${folder}/counts`);
    const counting: number[] = [];
    const count = (mebibytes: number[]) =>
      recount("t", trace, mebibytes, {
        cache,
        threads: 1,
        onProgress: (done, total) => counting.push(done / total),
      });
    const first = await count([0.125, 0.0625]);
    assert.equal(counting.at(-1), 1);
    counting.length = 0;
    assert.deepEqual(await count([0.0625, 0.125]), first.toReversed());
    assert.deepEqual(counting, []);
    // A hot memory that is missing is counted alone.
    const [more] = (await count([0.03125, 0.125])) as [typeof trace, typeof trace];
    const alone = await countTrace({ ...OPTIONS, hotMemoryBytes: 2 ** 15 });
    assert.deepEqual(more.runs, condense(countTraceRuns(alone)).runs);
    const files = Array.from(Deno.readDirSync(`${folder}/counts`), ({ name }) => name);
    assert.equal(files.length, 3);
    for (const name of files) await Deno.writeTextFile(`${folder}/counts/${name}`, "{");
    counting.length = 0;
    assert.deepEqual(await count([0.125]), [first[0]]);
    assert.equal(counting.at(-1), 1);
  }));

Deno.test("a sweep over hot memory says what it will count before it starts", () =>
  inFolder(async (folder) => {
    const trace = countTraceRuns(await countTrace(OPTIONS));
    const countCache = new CountCache(folder);
    const options = {
      traces: [{ name: "t", trace }],
      machines: [machineOf(await loadMachine("v100x4"))],
      systems: ["fae"],
      axes: [{ name: "hot_memory_mib", values: [0.125, 0.0625] }],
      gpus: 1,
      threads: 1,
      countCache,
    } as const;
    const [line, ...rest] = await countingAhead(options);
    assert.match(
      line!,
      /^t: hot memories of 0\.125, 0\.0625 MiB take 40,000 inputs to draw, about /,
    );
    assert.deepEqual(rest, []);
    await recount("t", trace, [0.125, 0.0625], { cache: countCache, threads: 1 });
    assert.deepEqual(await countingAhead(options), []);
  }));
