import assert from "node:assert/strict";
import { trainingOf } from "../../bench/study/settings.ts";
import { expectedSteps } from "../../bench/study/expected_steps.ts";
import { splitVariants } from "../../bench/study/old_names.ts";
import { loadVariant, planOfVariant, variantOf } from "../../bench/study/variants.ts";
import { UsageError } from "../../core/errors.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset } from "../../data/types.ts";
import { PLAN_DEFAULTS } from "../../train/plan/options.ts";
import { inFolder } from "../data/rows.ts";

Deno.test("a variant is a plan and the flags of training in words, kept in one form", () => {
  const { name, plan, normalisation } = variantOf(
    "slipstream,window=40,drop=0.30,schedule=interleaved,criterion=per-root-access,normalize=none,rate=2",
  );
  assert.equal(
    name,
    "slipstream,criterion=per-root-access,schedule=interleaved,window=40",
    "in the order of the alphabet, defaults left out",
  );
  assert.equal(variantOf(name).name, name);
  assert.equal(normalisation, "none");
  assert.deepEqual(plan, {
    ...PLAN_DEFAULTS,
    name: "slipstream",
    profile: 1,
    window: 40,
    criterion: "per-root-access",
  });
  assert.equal(variantOf("fae").plan.schedule, "cold-then-hot");
  assert.equal(variantOf("slipstream,target_drop_percentage=0.1").name, "slipstream,drop=0.1");
});

Deno.test("words that make no variant are refused as flags are, with near ones", () => {
  const refuses = (words: string, message: RegExp) =>
    assert.throws(
      () => variantOf(words),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refuses(
    "fea",
    /^Cannot use --plan fea in variant fea: it must be one of .*did you mean fae\?\)$/,
  );
  refuses(
    "fae,shedule=interleaved",
    /^Cannot use --shedule in variant fae,shedule=interleaved: there is no such flag, did you mean --schedule\?$/,
  );
  refuses(
    "slipstream,drop=1.5",
    /^Cannot use --drop 1.5 in variant slipstream,drop=1.5: it must be less than 1$/,
  );
  refuses(
    "slipstream,drop",
    /^Cannot use --drop in variant slipstream,drop: its value D is missing$/,
  );
  refuses("slipstream,hot-memory=2", /there is no such flag/);
});

Deno.test("names of the version before are read as words, alone and between commas", () => {
  for (
    const [old, words] of [
      ["baseline", "baseline"],
      ["fae-mixed2", "fae,schedule=interleaved"],
      ["fae-mixed10", "fae,rate=10,schedule=interleaved"],
      ["slipstream-30", "slipstream"],
      ["slipstream-mixed2-10", "slipstream,drop=0.1,schedule=interleaved"],
      ["random-mixed50-30", "random-drop,rate=50,schedule=interleaved"],
      ["cold-mixed2-50", "slipstream-cold,drop=0.5,schedule=interleaved"],
      ["root-mixed2-30", "slipstream,criterion=per-root-access,schedule=interleaved"],
      ["root-max-50", "slipstream,combine=max,criterion=per-root-access,drop=0.5"],
      ["path-mean-30", "slipstream,combine=mean,criterion=net-over-path"],
      ["paper-mean-30", "slipstream,combine=mean"],
      ["artifact-30", "slipstream,untouched=stale"],
      ["wake-mixed2-30", "slipstream,schedule=interleaved,wake-every=200"],
      ["alpha16-mixed2-30", "slipstream,alpha=16,schedule=interleaved"],
      ["window40-mixed2-30", "slipstream,schedule=interleaved,window=40"],
    ] as const
  ) {
    assert.equal(variantOf(old).name, words, old);
  }
  assert.deepEqual(
    splitVariants(["baseline,fae-mixed2", "slipstream,drop=0.1,window=9", "freeze"]),
    ["baseline", "fae-mixed2", "slipstream,drop=0.1,window=9", "freeze"],
  );
});

Deno.test("a criterion from a file is kept by its name and the hash of its text", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mine.ts`;
    const write = (factor: number) =>
      Deno.writeTextFileSync(
        file,
        `export const criterion = { name: "mine", score: ({ path }) => ${factor} * path };`,
      );
    const load = async () => (await loadVariant(variantOf(`slipstream,criterion=${file}`))).name;
    write(1);
    const first = await load();
    assert.match(first, /^slipstream,criterion=mine@[0-9a-f]{12}$/);
    write(2);
    assert.notEqual(await load(), first);
  }));

Deno.test("a variant may train by another optimizer, at a constant rate: the preset's, or one that is given", () => {
  const of = (words: string) => {
    const { name, training } = variantOf(words);
    return { name, schedule: training.schedule, ...trainingOf("rm2", 2e6, training) };
  };
  assert.deepEqual(of("fae,lr-schedule=constant,optimizer=sgd"), {
    name: "fae,lr-schedule=constant,optimizer=sgd",
    schedule: "constant",
    optimizer: "sgd",
    learningRate: 0.1,
  });
  assert.equal(of("fae,optimizer=sgd,lr=0.3").learningRate, 0.3);
  assert.deepEqual(of("fae"), {
    name: "fae",
    schedule: "fall",
    optimizer: "adagrad",
    learningRate: 0.02,
  });
});

Deno.test("expectedSteps() counts the minibatches of each plan", () => {
  const dataset = {
    schema: { tables: Array.from({ length: 26 }, () => ({ name: "C", rows: 9 })) },
    count: () => 1050,
  } as unknown as Dataset;
  const segregation = { hot: new Uint32Array(707), cold: new Uint32Array(343) };
  const steps = (name: string): number =>
    expectedSteps(
      { ...planOfVariant(variantOf(name), 1), warmup: 10, window: 20 },
      dataset,
      segregation,
      10,
    );
  assert.equal(steps("baseline"), 105);
  assert.equal(steps("fae"), 70 + 34);
  assert.equal(steps("freeze-30"), 70 + 34);
  assert.equal(steps("skip-hot"), 34);
  assert.equal(steps("baseline,budget=0.9"), 94);
  // Of 636 hot and 308 cold inputs.
  assert.equal(steps("fae,budget=0.9"), 63 + 30);
  assert.equal(steps("skip-cold"), 70);
  // 30 minibatches of warm-up and window, 70 % of the 40 left, and the cold ones.
  assert.equal(steps("slipstream-30"), 30 + 28 + 34);
  assert.equal(steps("random-50"), 30 + 20 + 34);
  // Of the 40 left the last 7 are all trained; half of the others are stale, of which half are skipped.
  assert.equal(
    steps("slipstream,drop=0.5,skip-probability=0.5,rescale=true,finish=0.1"),
    Math.floor(30 + 40 - 33 / 4) + 34,
  );
});

Deno.test("materialise() with seen ids numbers them by first appearance, and changes nothing else", async () => {
  const twin = await openTwin({ twin: "rm4", inputs: 700, seed: 3, maxIndexRange: 500 });
  const seen = await materialise(twin, { vocabulary: "seen" });
  const { schema } = twin;
  const next = schema.tables.map(() => 0);
  const numbers = schema.tables.map(() => new Map<number, number>());
  for (const split of ["train", "test", "validation"] as const) {
    const count = twin.count(split);
    assert.equal(seen.count(split), count);
    const room = () => ({
      size: 0,
      dense: new Float32Array(count * schema.dense.length),
      ids: new Uint32Array(count * schema.tables.length),
      labels: new Float32Array(count),
    });
    const was = room(), is = room();
    await twin.reader(split, { kind: "sequential" }).read(0, count, was);
    await seen.reader(split, { kind: "sequential" }).read(0, count, is);
    assert.deepEqual(is.labels, was.labels);
    assert.deepEqual(is.dense, was.dense);
    for (let t = 0; t < schema.tables.length; t++) {
      for (let b = 0; b < count; b++) {
        const id = was.ids[t * count + b]!;
        if (!numbers[t]!.has(id)) numbers[t]!.set(id, next[t]!++);
        assert.equal(is.ids[t * count + b], numbers[t]!.get(id));
      }
    }
  }
  assert.deepEqual(seen.schema.tables.map(({ rows }) => rows), next);
  assert.notEqual(seen.hash, twin.hash);
  seen.close();
  twin.close();
});
