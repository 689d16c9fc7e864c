import { strict as assert } from "node:assert";
import { UserError } from "../../../core/errors.ts";
import { checkDistinct, checkTwin } from "../../../data/twin/check.ts";
import { openTwin } from "../../../data/twin/open.ts";
import { fitCoupling } from "../../../data/twin/coupling.ts";
import { fitTwin } from "../../../data/twin/fit.ts";
import { TwinGenerator } from "../../../data/twin/generator.ts";
import { hotRanks, hotShares } from "./hot.ts";
import { checkParameters, type TwinParameters } from "../../../data/twin/parameters.ts";
import { countIds, renumberIds, selectInputs } from "../../../data/twin/sample.ts";
import { MADE_UP, madeUpSample } from "./rows.ts";

const SAMPLE = madeUpSample(4000);
const FIT = fitTwin(SAMPLE, MADE_UP);

Deno.test("a fit finds the column that decides another", () => {
  assert.deepEqual(FIT.parameters.columns.map(({ parent }) => parent), [null, 0, null, null]);
  assert.equal(FIT.parameters.columns[1]!.follows, 1);
});

Deno.test("a twin reproduces dependence on inputs it was not fitted to", () => {
  const compared = checkTwin(FIT.parameters, FIT.heldOut, 6);
  const shares = compared.filter(({ what }) => what.startsWith("all ids"));
  assert.equal(shares.length, 3);
  const n = FIT.heldOut.inputs;
  for (const { what, measured, twin, deviation } of shares) {
    const band = 4 * Math.hypot(deviation, Math.sqrt(measured * (1 - measured) / n)) + 0.02;
    assert.ok(Math.abs(measured - twin) < band, `${what}: ${measured} and ${twin}`);
  }
  for (const { what, measured, twin } of compared.slice(3)) {
    assert.ok(Math.abs(measured - twin) < 0.05, `${what}: ${measured} and ${twin}`);
  }
});

Deno.test("the coupling is found that inputs were drawn with", () => {
  // Ids from 400 expected uses among the inputs to less than one, in columns that no class makes depend on each other.
  const law = Array.from({ length: 10 }, (_, k) => ({ ids: 2 ** k, mass: 0.1 }));
  const column = {
    name: "C",
    distinct: 1000,
    law,
    cells: [1],
    parent: null,
    follows: 0,
    given: null,
  };
  const one: TwinParameters = {
    ...FIT.parameters,
    columns: Array.from({ length: 6 }, () => column),
    dense: [],
    classes: [{ weight: 1, columns: Array.from({ length: 6 }, () => [1]), dense: [] }],
    coupling: 0.5,
  };
  const generator = new TwinGenerator(one, 9), n = 4000, ids = new Uint32Array(6);
  const tables = one.columns.map(({ name }) => ({ name, ids: new Uint32Array(n) }));
  for (let i = 0; i < n; i++) {
    generator.writeAllIds([i], 1, ids);
    for (const [t, table] of tables.entries()) table.ids[i] = ids[t]!;
  }
  const found = fitCoupling(one, { inputs: n, tables, dense: [], clickRate: 0 });
  assert.ok(Math.abs(found - 0.5) < 0.1, `${found}`);
});

Deno.test("a twin's laws agree with the distinct ids at both scales", () => {
  for (
    const { name, sample, sampleTwin, full, fullTwin } of checkDistinct(FIT.parameters, SAMPLE)
  ) {
    assert.ok(Math.abs(sampleTwin / sample - 1) < 0.02, `${name}: ${sampleTwin} for ${sample}`);
    assert.ok(Math.abs(fullTwin / full - 1) < 0.02, `${name}: ${fullTwin} for ${full}`);
  }
});

Deno.test("the planted click model has the rate and the learnable AUC asked for", async () => {
  const { clicks } = FIT.parameters;
  assert.ok(Math.abs(clicks.learnableAuc - MADE_UP.learnableAuc) < 0.003);
  assert.ok(clicks.bayes.auc >= clicks.learnableAuc);
  const dataset = await openTwin({ twin: FIT.parameters, inputs: 70_000 });
  const into = {
    size: 0,
    dense: new Float32Array(60_000),
    ids: new Uint32Array(4 * 60_000),
    labels: new Float32Array(60_000),
  };
  dataset.reader("train", { kind: "sequential" }).read(0, 60_000, into);
  const rate = into.labels.reduce((a, b) => a + b, 0) / 60_000;
  assert.ok(Math.abs(rate - MADE_UP.clickRate) < 0.01, `${rate}`);
});

Deno.test("hot rows are the most popular of all tables", () => {
  const total = FIT.parameters.columns.flatMap(({ law }) => law).reduce((a, s) => a + s.ids, 0);
  assert.equal(hotRanks(FIT.parameters, 1000).reduce((a, b) => a + b, 0), 1000);
  const [none, some, more, all] = hotShares(FIT.parameters, [0, 500, 5000, total], 5000);
  assert.deepEqual([none!.inputs, none!.lookups], [0, 0]);
  assert.deepEqual([all!.inputs, all!.lookups], [1, 1]);
  assert.ok(some!.inputs < more!.inputs && some!.inputs < some!.lookups);
});

Deno.test("a parameter file survives writing and reading, and holds no more than it says", () => {
  const text = JSON.stringify(FIT.parameters);
  assert.deepEqual(checkParameters(JSON.parse(text), "x.json"), FIT.parameters);
  assert.ok(text.length < 200_000);
});

Deno.test("what is wrong with a parameter file is one clear error", () => {
  const cases: [string, (value: Record<string, unknown>) => void, RegExp][] = [
    ["version", (v) => v.version = 9, /version is 9 and must be 2$/],
    ["name", (v) => v.name = "", /name is "" and must be a text that is not empty$/],
    ["inputs", (v) => v.inputs = -1, /inputs is -1 and must be a whole number from 1 to/],
    ["columns", (v) => v.columns = [], /columns is \[\] and must be a list of 1 to 1000$/],
    ["classes", (v) => v.classes = {}, /classes is an object and must be a list of 1 to 4096$/],
    ["coupling", (v) => v.coupling = 2, /coupling is 2 and must be a number from 0 to 1$/],
    [
      "drift",
      (v) =>
        (v.columns as object[])[3] = {
          ...(v.columns as object[])[3],
          drift: { groups: 1e6, lasting: 0, days: 1, salt: 1 },
        },
      /columns has at \[3\] a drift of 1000000 groups for \d+ ids$/,
    ],
    [
      "clicks",
      (v) => v.clicks = { effectExponent: 0, rate: 2 },
      /clicks\.rate is 2 and must be a number from 0 to 1$/,
    ],
    [
      "bias",
      (v) => (v.clicks as { bias: unknown }).bias = null,
      /clicks\.bias is null and must be a number$/,
    ],
    [
      "strength",
      (v) => (v.clicks as { strength: Record<string, unknown> }).strength.rows = "1",
      /clicks\.strength\.rows is "1" and must be a number/,
    ],
    [
      "log-loss",
      (v) => (v.clicks as { bayes: Record<string, unknown> }).bayes.logloss = null,
      /clicks\.bayes\.logloss is null and must be a number/,
    ],
    [
      "range",
      (v) => (v.dense as { ranges: unknown[] }[])[0]!.ranges[0] = [null, "1"],
      /dense\[0\]\.ranges\[0\]\[0\] is null and must be a number$/,
    ],
    [
      "law",
      (v) => (v.columns as { law: unknown[] }[])[0]!.law = [],
      /columns\[0\]\.law is \[\] and must be a list of 1 or more$/,
    ],
    [
      "order",
      (v) => (v.columns as { law: unknown[] }[])[0]!.law.reverse(),
      /columns\[0\]\.law is not ordered by popularity$/,
    ],
    [
      "cells",
      (v) => (v.columns as { cells: number[] }[])[2]!.cells[0] = 2,
      /columns\[2\]\.cells\[0\] is 2 and must be a number from 0 to 1$/,
    ],
    [
      "circle",
      (v) => Object.assign((v.columns as object[])[0]!, { parent: 1, follows: 1, given: [] }),
      /columns has at \[0\] parents that form a circle$/,
    ],
    [
      "weights",
      (v) => (v.classes as { weight: number }[])[0]!.weight = 1,
      /it has weights of classes without the sum 1$/,
    ],
    [
      "shares",
      (v) => (v.classes as { columns: number[][] }[])[1]!.columns[0]![0] = 1,
      /classes\[1\]\.columns\[0\] is a list of \d+ and must be shares with the sum 1$/,
    ],
  ];
  for (const [what, spoil, message] of cases) {
    const value = structuredClone(FIT.parameters) as unknown as Record<string, unknown>;
    spoil(value);
    assert.throws(() => checkParameters(value, "x.json"), (error) => {
      assert.ok(error instanceof UserError, what);
      assert.match(error.message, message);
      assert.match(error.message, /^Cannot read twin x\.json: /);
      return true;
    });
  }
  for (const value of [null, 3, [], "text"]) {
    assert.throws(() => checkParameters(value, "x.json"), /: it is .* and must be an object$/);
  }
});

Deno.test("unknown twins and bad options are one clear error", async () => {
  const cases: [Parameters<typeof openTwin>[0], RegExp][] = [
    [{ twin: "rm9" }, /Cannot open twin rm9: it is neither one of rm1, rm2/],
    [{ twin: "/nowhere/x.json" }, /Cannot read \/nowhere\/x\.json: No such file/],
    [{ twin: FIT.parameters, inputs: 3 }, /number of inputs is 3/],
    [{ twin: FIT.parameters, seed: -1 }, /the seed is -1/],
    [
      { twin: "rm2", effectExponent: 0.3 },
      /exponent of its effects is 0\.3, not one of 0, 0\.25, 0\.5$/,
    ],
    [{ twin: "rm2", driftDays: 10 }, /drift is asked for, and its parameters do not say/],
    [{ twin: "rm4", driftDays: 0 }, /its inputs span 0 days, not more than 0 and at most 1000$/],
    [{ twin: "rm1", driftDays: 10 }, /driftDays is given, and histories of users have none$/],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(openTwin(options), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("numbers of distinct ids that are not as many as tables are refused", () => {
  assert.throws(() => fitTwin(SAMPLE, { ...MADE_UP, distinct: [1] }), /1 numbers of distinct ids/);
});

Deno.test("a part of a sample is a sample of its own: ids numbered anew, none without an input", () => {
  const whole = {
    inputs: 5,
    tables: [{ name: "a", ids: Uint32Array.of(7, 2, 7, 0, 9) }],
    dense: [{ name: "x", values: Float64Array.of(1, 2, 3, 4, 5) }],
    clickRate: 0.25,
  };
  const part = renumberIds(selectInputs(whole, [4, 0, 2]));
  assert.deepEqual(part.tables[0]!.ids, Uint32Array.of(0, 1, 1));
  assert.deepEqual(countIds(part.tables[0]!.ids), Uint32Array.of(1, 2));
  assert.deepEqual(part.dense[0]!.values, Float64Array.of(5, 1, 3));
});
