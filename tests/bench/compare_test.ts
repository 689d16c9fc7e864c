import assert from "node:assert/strict";
import { compareResults } from "../../bench/compare/documents.ts";
import { type ComparedSample, compareSamples } from "../../bench/compare/samples.ts";
import type { Sample } from "../../bench/experiment.ts";
import type { BenchDocument } from "../../bench/report.ts";
import { settingsNote } from "../../bench/settings_note.ts";
import { documentOf, found, settingsIn } from "./made_up.ts";

function sample(values: readonly number[], more: Partial<Sample> = {}): Sample {
  return { name: "time", unit: "s", better: "lower", timing: true, values, ...more };
}

function compare(
  a: readonly number[],
  b: readonly number[],
  more: Partial<Sample> = {},
  software = false,
): ComparedSample {
  return compareSamples(sample(a, more), sample(b, more), software);
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-3 * Math.abs(expected), `${actual} for ${expected}`);
}

Deno.test("compareSamples() gives Welch's interval of the logarithms of times", () => {
  // Logarithms 0, 1, 2 and 2, 3, 7: means 1 and 4, variances 1 and 7; the difference's variance 8/3; degrees
  // (8/3)² / ((1/3)²/2 + (7/3)²/2) = 2.56, whose t is 3.5154.
  const a = [0, 1, 2].map(Math.exp), b = [2, 3, 7].map(Math.exp);
  const { scale, effect, interval, verdict } = compare(a, b);
  assert.equal(scale, "ratio");
  near(effect, Math.exp(3));
  const half = 3.5154 * Math.sqrt(8 / 3);
  near(interval![0], Math.exp(3 - half));
  near(interval![1], Math.exp(3 + half));
  assert.equal(verdict, "no difference shown");
});

Deno.test("compareSamples() gives a verdict both ways", () => {
  const slow = [10, 10.1, 9.9, 10.05], fast = [8, 8.1, 7.9, 8.05];
  assert.deepEqual(verdicts(compare(slow, fast)), ["better", ""]);
  assert.deepEqual(verdicts(compare(fast, slow)), ["worse", ""]);
  const rate = { better: "higher", unit: "samples/s" } as const;
  assert.deepEqual(verdicts(compare(slow, fast, rate)), ["worse", ""]);
  assert.deepEqual(verdicts(compare(fast, slow, rate)), ["better", ""]);
});

Deno.test("compareSamples() shows no difference within the noise band, however narrow the interval", () => {
  // 40 repeats that spread by ±5 % tell means apart that differ by 3 %; two runs differ so without any reason.
  const spread = Array.from({ length: 40 }, (_, i) => 100 * (1 + 0.05 * Math.sin(i)));
  const { interval, noise, ...rest } = compare(spread, spread.map((value) => 1.03 * value));
  assert.ok(interval![0] > 1, `${interval}`);
  assert.ok(noise! > 0.03, `${noise}`);
  assert.deepEqual(verdicts(rest), ["no difference shown", "within the noise band"]);
});

Deno.test("compareSamples() tells nothing of too few repeats", () => {
  const one = compare([1], [2]);
  assert.equal(one.interval, null);
  assert.equal(one.noise, null);
  near(one.effect, 2);
  assert.deepEqual(verdicts(one), ["cannot tell", "too few repeats"]);
  assert.deepEqual(verdicts(compare([1, 1], [2, 2])), ["cannot tell", "too few repeats"]);
  assert.deepEqual(verdicts(compare([1, 1, 1], [2])), ["cannot tell", "too few repeats"]);
});

Deno.test("compareSamples() draws no conclusion from times of a software adapter, and others from the rest", () => {
  assert.deepEqual(verdicts(compare([1, 1, 1.01], [2, 2, 2.01], {}, true)), [
    "cannot tell",
    "software adapter",
  ]);
  const auc = { timing: false, better: "higher" } as const;
  assert.deepEqual(verdicts(compare([0.7, 0.71, 0.72], [0.8, 0.81, 0.82], auc, true)), [
    "better",
    "",
  ]);
});

Deno.test("compareSamples() compares what seeds make seed by seed", () => {
  const auc = { timing: false, better: "higher", unit: "AUC" } as const;
  const seeds = [0.70, 0.75, 0.80];
  // The seeds differ by far more than the runs do.
  const { effect, interval, verdict } = compare(seeds, [0.6995, 0.7494, 0.7995], auc);
  assert.ok(effect < 1 && interval![1] < 1, `${effect} ${interval}`);
  assert.equal(verdict, "worse");
  assert.deepEqual(verdicts(compare(seeds, seeds, auc)), ["no difference shown", "identical"]);
  assert.deepEqual(verdicts(compare([0.7], [0.7], auc)), ["no difference shown", "identical"]);
  assert.deepEqual(verdicts(compare([0.7], [0.8], auc)), ["cannot tell", "too few repeats"]);
});

Deno.test("compareSamples() gives a difference where a ratio has no meaning", () => {
  const change = { timing: false, better: "higher" } as const;
  // Differences 1, 2, 3: mean 2, half 4.303 / sqrt(3).
  const { scale, effect, interval, verdict } = compare([-1, 0, 1], [0, 2, 4], change);
  assert.equal(scale, "difference");
  near(effect, 2);
  near(interval![0], 2 - 4.303 / Math.sqrt(3));
  assert.equal(verdict, "no difference shown");
});

function verdicts({ verdict, reason }: Pick<ComparedSample, "verdict" | "reason">): string[] {
  return [verdict, reason];
}

const A = [1, 1.01, 1.02], B = [2, 2.01, 2.02];

function results(name: string, ...documents: BenchDocument[]) {
  return { name, documents };
}

Deno.test("compareResults() compares what both have and names the rest", () => {
  const { tables, notes } = found("bare");
  const bare = documentOf("bare", { tables, notes });
  const { experiments, left_out, warnings } = compareResults(
    results("a", bare, documentOf("both", found("both", A)), documentOf("first")),
    results("b", documentOf("second"), bare, documentOf("both", found("both", B))),
  );
  assert.deepEqual(experiments.map(({ experiment }) => experiment), ["both"]);
  assert.equal(experiments[0]!.samples[0]!.verdict, "worse");
  assert.deepEqual(left_out, [
    "bare is not compared: it has no repeated measurements",
    "first is only in a",
    "second is only in b",
  ]);
  assert.deepEqual(warnings.filter((line) => !line.startsWith("code: ")), []);
});

Deno.test("compareResults() does not compare other settings or failures", () => {
  const other = settingsNote(settingsIn("nowhere", { seeds: 9, rounds: 20 }));
  const { experiments, left_out } = compareResults(
    results("a", documentOf("one"), documentOf("two", found("two"), { failure: "it broke" })),
    results("b", documentOf("one", found("one"), { settings: other }), documentOf("two")),
  );
  assert.deepEqual(experiments, []);
  assert.deepEqual(left_out, [
    "one is not compared: its settings differ: seeds by experiment and 9",
    "two is not compared: it failed in a (it broke)",
  ]);
});

Deno.test("compareResults() warns of other machines", () => {
  const { environment, ...rest } = documentOf("one");
  const first = { ...rest, environment: { ...environment, git_dirty: false } };
  const second: BenchDocument = {
    ...first,
    environment: {
      ...first.environment,
      cpu_model: "Another",
      cpus: 96,
      git_revision: "b".repeat(40),
      git_dirty: true,
    },
    settings: { ...first.settings, wide: true },
    device: { kind: "webgpu", name: "A GPU", isFallbackAdapter: false },
  };
  const { warnings } = compareResults(results("a", first), results("b", second));
  assert.equal(warnings.length, 5);
  assert.match(warnings[0]!, /^processor: .* and Another$/);
  assert.match(warnings[1]!, /^cores: \d+ and 96$/);
  assert.equal(warnings[2], "device: unknown and A GPU");
  assert.equal(warnings[3], "V8's 256-bit mode: off and on");
  assert.equal(
    warnings[4],
    "code: b is of revision bbbbbbbbbbbb with local changes, which nobody knows",
  );
});

Deno.test("compareResults() names samples that only one has, or in another unit", () => {
  const more = found("one");
  const findings = {
    ...more,
    samples: [sample([1]), sample([1], { name: "x" }), sample([1], { name: "y" })],
  };
  const others = {
    ...more,
    samples: [sample([1]), sample([1], { name: "y", unit: "ms" }), sample([1], { name: "z" })],
  };
  const { left_out } = compareResults(
    results("a", documentOf("one", findings)),
    results("b", documentOf("one", others)),
  );
  assert.deepEqual(left_out, [
    "one: x only in a",
    "one: z only in b",
    "one: y is in s and in ms",
  ]);
});
