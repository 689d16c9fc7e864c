import assert from "node:assert/strict";
import { openDataset } from "../../data/open.ts";
import { type Profile, profileDataset } from "../../data/profile.ts";
import { plotProfile } from "../../data/profile_plot.ts";
import { formatProfile } from "../../data/profile_report.ts";
import { openSynthetic } from "../../data/synthetic.ts";
import type { Dataset, Split } from "../../data/types.ts";
import { event } from "./log_rows.ts";
import { inFolder, readAll, rows } from "./rows.ts";

const SPLITS: readonly Split[] = ["train", "test", "validation"];
const small = () =>
  openSynthetic({ inputs: 9000, tableRows: [2000, 300, 40, 3], denseColumns: 2, seed: 3 });

/** The same by plain counting: rows as `table:row` by uses, and the hot shares of a number of rows. */
async function plainly(dataset: Dataset, splits = SPLITS) {
  const uses = new Map<string, number>();
  const inputs: string[][] = [];
  let ones = 0;
  for (const split of splits) {
    const { ids, size, labels } = await readAll(dataset, split);
    const steps = dataset.schema.steps ?? 1;
    for (let b = 0; b < size; b++) {
      ones += labels[b]!;
      const keys: string[] = [];
      for (let t = 0; t < dataset.schema.tables.length; t++) {
        for (let s = 0; s < steps; s++) keys.push(`${t}:${ids[(t * size + b) * steps + s]}`);
      }
      inputs.push(keys);
      for (const key of keys) uses.set(key, (uses.get(key) ?? 0) + 1);
    }
  }
  const order = [...uses].sort((a, b) => {
    const [t, row] = a[0].split(":").map(Number), [u, other] = b[0].split(":").map(Number);
    return b[1] - a[1] || t! - u! || row! - other!;
  });
  const hot = (count: number) => {
    const set = new Set(order.slice(0, count).map(([key]) => key));
    const lookups = inputs.flat();
    return {
      lookups: lookups.filter((key) => set.has(key)).length / lookups.length,
      inputs: inputs.filter((keys) => keys.every((key) => set.has(key))).length / inputs.length,
    };
  };
  return { uses, inputs, labelRate: ones / inputs.length, hot };
}

function close(a: number, b: number): void {
  assert.ok(Math.abs(a - b) < 1e-12, `${a} ${b}`);
}

async function agrees(dataset: Dataset, profile: Profile, splits = SPLITS): Promise<void> {
  const plain = await plainly(dataset, splits);
  assert.equal(profile.inputs, plain.inputs.length);
  assert.equal(profile.counted, plain.inputs.length);
  close(profile.labelRate.value, plain.labelRate);
  assert.equal(profile.labelRate.error, null);
  for (const [t, table] of profile.tables.entries()) {
    const mine = [...plain.uses].filter(([key]) => key.startsWith(`${t}:`)).map(([, n]) => n)
      .sort((a, b) => b - a);
    assert.equal(table.distinct, mine.length);
    const total = mine.reduce((a, b) => a + b, 0);
    const top = (share: number) =>
      mine.slice(0, Math.max(1, Math.floor(share * mine.length))).reduce((a, b) => a + b, 0) /
      total;
    close(table.top1.value, top(0.01));
    close(table.top10.value, top(0.1));
    close(table.once, mine.filter((n) => n === 1).length / mine.length);
  }
  for (const { rows, lookups, inputs, budgetMib } of profile.hot) {
    assert.equal(
      rows,
      Math.min(plain.uses.size, Math.floor(budgetMib * 2 ** 20 / (4 * profile.dim))),
    );
    const expected = plain.hot(rows);
    close(lookups.value, expected.lookups);
    close(inputs.value, expected.inputs);
  }
  assert.equal(profile.growth.at(-1)!.inputs, plain.inputs.length);
  assert.deepEqual(profile.growth.at(-1)!.distinct, profile.tables.map((table) => table.distinct));
}

const BUDGETS = [0.001, 0.01, 0.05, 0.1, 10];

Deno.test("an exact profile is that of plain counting", async () => {
  const dataset = small();
  await agrees(dataset, await profileDataset(dataset, { budgetsMib: BUDGETS }));
  const train = await profileDataset(dataset, { budgetsMib: BUDGETS, split: "train", dim: 4 });
  await agrees(dataset, train, ["train"]);
  const { growth } = train;
  assert.deepEqual(growth.slice(0, 5).map((point) => point.inputs), [1, 2, 5, 10, 20]);
  assert.deepEqual(growth[0]!.distinct, [1, 1, 1, 1]);
  for (const [i, point] of growth.entries()) {
    for (const [t, distinct] of point.distinct.entries()) {
      assert.ok(distinct >= (growth[i - 1]?.distinct[t] ?? 0) && distinct <= point.inputs);
    }
  }
});

Deno.test("logs on the disk and sequences are profiled alike", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/criteo`, rows(500));
    let text = "";
    for (let i = 0; i < 1200; i++) text += event(i % 40, (i * i) % 61, i % 5, i);
    await Deno.writeTextFile(`${folder}/taobao`, text);
    for (const name of ["criteo", "taobao"]) {
      for (const memoryBudget of [0, 2 ** 30]) {
        const dataset = await openDataset({
          data: [`${folder}/${name}`],
          cacheDirectory: `${folder}/cache`,
          memoryBudget,
        });
        await agrees(dataset, await profileDataset(dataset, { budgetsMib: BUDGETS }));
        dataset.close();
      }
    }
  }));

Deno.test("a sample gives the seed's numbers with errors that hold", async () => {
  const dataset = small();
  const exact = await profileDataset(dataset, { budgetsMib: BUDGETS });
  const options = { budgetsMib: BUDGETS, sample: 1000 };
  const one = await profileDataset(dataset, { ...options, seed: 1 });
  assert.deepEqual(await profileDataset(dataset, { ...options, seed: 1 }), one);
  assert.deepEqual([one.inputs, one.counted, one.seed], [9000, 1000, 1]);
  let off = 0, hot = 0;
  const seeds = 20;
  for (let seed = 1; seed <= seeds; seed++) {
    const profile = await profileDataset(dataset, { ...options, seed });
    const { value, error } = profile.labelRate;
    if (Math.abs(value - exact.labelRate.value) > 2 * error!) off++;
    // What is hot by a sample's counts is judged on other inputs, so it is no hotter than what is hot by all counts.
    const [mine, full] = [profile.hot[1]!, exact.hot[1]!];
    assert.equal(mine.rows, full.rows);
    if (mine.inputs.value > full.inputs.value + 2 * mine.inputs.error!) hot++;
    assert.ok(mine.lookups.error! > 0 && mine.lookups.error! < 0.02);
  }
  assert.ok(off <= 3, `${off}`);
  assert.ok(hot <= 3, `${hot}`);
  // A sample of everything is everything.
  const { seed: _, ...all } = await profileDataset(dataset, { ...options, sample: 9000 });
  const { seed: __, ...same } = exact;
  assert.deepEqual(all, same);
});

Deno.test("a profile can be stopped, and says how far it is", async () => {
  const controller = new AbortController();
  const seen: number[] = [];
  await assert.rejects(
    profileDataset(small(), {
      signal: controller.signal,
      onProgress: (done, total) => {
        assert.equal(total, 18_000);
        seen.push(done);
        if (done > 9000) controller.abort(new Error("stopped"));
      },
    }),
    /stopped/,
  );
  assert.ok(seen.length >= 2 && seen.every((done, i) => i === 0 || done > seen[i - 1]!));
});

Deno.test("options out of range are said", async () => {
  for (const options of [{ dim: 0 }, { sample: 0 }, { budgetsMib: [-1] }, { budgetsMib: [NaN] }]) {
    await assert.rejects(profileDataset(small(), options), RangeError);
  }
});

Deno.test("the report and the plot show a profile", async () => {
  const exact = await profileDataset(small(), { budgetsMib: [0.01, 1] });
  const text = formatProfile(exact);
  assert.match(text, /^synthetic: 9,000 inputs, all of them counted\nlabel rate 0\.2/);
  assert.match(text, /MiB +rows +hot lookups +hot inputs/);
  // The smaller budget does not hold all rows, so that there is nothing to say.
  assert.doesNotMatch(text, /Every budget/);
  assert.match(formatProfile({ ...exact, labelled: false }), /\nno labels; /);
  const large = formatProfile(await profileDataset(small(), { budgetsMib: [1, 2] }));
  assert.match(large, /\nEvery budget holds all rows looked up, which take 0\.1\d+ MiB; /);
  const sampled = await profileDataset(small(), { budgetsMib: [0.01, 1], sample: 500 });
  assert.match(formatProfile(sampled), /a sample of 500 counted \(seed 1; ± one standard error\)/);
  assert.match(formatProfile(sampled), /0\.\d+ ± 0\.\d+/);
  for (const profile of [exact, sampled]) {
    const svg = await plotProfile(profile);
    assert.match(svg, /^<svg xmlns=[^]*<\/svg>\n$/);
    assert.equal(svg.match(/<svg/g)!.length, 4);
    assert.doesNotMatch(svg, /NaN|undefined|null/);
  }
});

Deno.test("deno task data profile prints, writes JSON and draws", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log.txt`, rows(200));
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-check",
          "--allow-read",
          `--allow-write=${folder}`,
          "--allow-env",
          new URL("../../data/main.ts", import.meta.url).pathname,
          ...args,
        ],
        env: { NO_COLOR: "1" },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, stdout: text(stdout), stderr: text(stderr) };
    };
    const log = [`${folder}/log.txt`, "--cache", `${folder}/cache`, "--quiet"];
    const files = ["--json", `${folder}/p.json`, "--plot", `${folder}/p.svg`];
    const good = await run("profile", ...log, ...files, "--budgets", "0.01,1");
    assert.deepEqual([good.code, good.stderr], [0, ""]);
    assert.match(good.stdout, /^criteo-kaggle: 200 inputs, all of them counted/);
    const profile: Profile = JSON.parse(await Deno.readTextFile(`${folder}/p.json`));
    assert.equal(profile.version, 1);
    assert.deepEqual(profile.hot.map((hot) => hot.budgetMib), [0.01, 1]);
    assert.match(await Deno.readTextFile(`${folder}/p.svg`), /^<svg/);
    const cases: [string[], number, RegExp][] = [
      [["profile"], 2, /^error: Cannot start without --data/],
      [["profle"], 2, /did you mean profile\?/],
      [["profile", `${folder}/none`], 1, /^error: Cannot read .*none: No such file/],
      [["profile", ...log, "--budgets", "x"], 2, /Cannot use --budgets x: it is not a positive/],
      [["profile", "twin:rm9"], 2, /^error: Cannot .*rm9/],
    ];
    for (const [args, code, message] of cases) {
      const bad = await run(...args);
      assert.equal(bad.code, code, bad.stderr);
      assert.match(bad.stderr, message);
      assert.equal(bad.stdout, "");
    }
    assert.match((await run("--help")).stdout, /Usage: deno task data profile SOURCE/);
  }));
