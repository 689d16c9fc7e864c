import { strict as assert } from "node:assert";
import { Sha256 } from "../../../core/files.ts";
import { UserError } from "../../../core/errors.ts";
import { createInputs } from "../../../data/inputs.ts";
import { HistoryGenerator } from "../../../data/twin/histories.ts";
import { loadHistoryTwin, openTwin } from "../../../data/twin/open.ts";
import type { Inputs, Split } from "../../../data/types.ts";

const STEPS = 21;
const RM1 = await loadHistoryTwin("rm1");
const DATASET = await openTwin({ twin: "rm1", inputs: 20_000, seed: 4 });

function read(split: Split, from: number, count: number): Inputs {
  const into = createInputs(DATASET.schema, count);
  DATASET.reader(split, { kind: "sequential" }).read(from, count, into);
  return into;
}

/** Rows of a table at the steps of an input. */
function steps({ ids, size }: Inputs, table: number, input: number): number[] {
  return Array.from(ids.subarray((table * size + input) * STEPS).subarray(0, STEPS));
}

Deno.test("the first sequences of the shipped twin never change", async () => {
  const dataset = await openTwin({ twin: "rm1", inputs: 7000, seed: 1 });
  const into = createInputs(dataset.schema, 1000);
  dataset.reader("train", { kind: "sequential" }).read(0, 1000, into);
  const hash = new Sha256()
    .update(new Uint8Array(into.ids.buffer))
    .update(new Uint8Array(into.dense.buffer))
    .update(new Uint8Array(into.labels.buffer)).hex().slice(0, 16);
  assert.equal(hash, "ed84dbae8b5aa538");
});

Deno.test("there are as many sequences as asked for, and more leave users and positives before as they are", async () => {
  const count = (["train", "test", "validation"] as const).map((split) => DATASET.count(split));
  assert.equal(count.reduce((a, b) => a + b), 20_000);
  assert.ok(count[0]! > 17_000 && count[1]! > 300 && count[2]! > 100, `${count}`);
  const more = await openTwin({ twin: "rm1", inputs: 40_000, seed: 4 });
  const into = createInputs(more.schema, 50);
  more.reader("train", { kind: "sequential" }).read(9000, 50, into);
  const fewer = read("train", 9000, 50);
  assert.deepEqual(into.labels, fewer.labels);
  for (let b = 0; b < 50; b++) {
    const kept = into.labels[b] === 1 ? STEPS : STEPS - 1;
    for (let t = 0; t < 3; t++) {
      assert.deepEqual(steps(into, t, b).slice(0, kept), steps(fewer, t, b).slice(0, kept));
    }
  }
});

Deno.test("positives are stretches of the user's history, negatives end with an item never met", () => {
  const generator = new HistoryGenerator(RM1, 4);
  for (const split of ["train", "test", "validation"] as const) {
    const into = read(split, 0, 120);
    let positives = 0;
    for (let b = 0; b < into.size; b++) {
      const users = new Set(steps(into, 0, b));
      assert.equal(users.size, 1);
      const { items, categories } = generator.user(users.values().next().value!);
      const drawn = steps(into, 1, b), known = drawn.filter((row) => row > 0).map((row) => row - 1);
      const label = into.labels[b]!;
      const own = label === 1 ? known : known.slice(0, -1);
      const history = `,${items.join(",")},`;
      assert.ok(history.includes(`,${own.join(",")},`), `${split} ${b}`);
      if (label === 1) positives++;
      else if (split !== "test") assert.ok(!items.includes(known.at(-1)!));
      else assert.notEqual(known.at(-1), items.at(-1));
      const rows = steps(into, 2, b);
      for (const [s, row] of drawn.entries()) {
        assert.equal(row === 0, rows[s] === 0);
        const at = items.indexOf(row - 1);
        if (at >= 0) assert.equal(rows[s], categories[at]! + 1);
        assert.equal(into.dense[b * STEPS + s], Math.fround(s / STEPS));
      }
    }
    assert.ok(positives > 30 && positives < 90, `${split}: ${positives}`);
  }
});

Deno.test("negatives are spread evenly over the distinct items of the users drawn", () => {
  const generator = new HistoryGenerator(RM1, 4);
  const users = Number(/histories of (\d+) users/.exec(DATASET.notes[0]!)![1]);
  const counts = new Map<number, number>();
  for (let user = 0; user < users; user++) {
    for (const item of generator.user(user).items) counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  const once = Array.from(counts.values()).filter((count) => count === 1).length / counts.size;
  let negatives = 0, ofOnce = 0;
  const into = read("train", 0, 6000);
  for (let b = 0; b < into.size; b++) {
    if (into.labels[b] === 1) continue;
    const count = counts.get(steps(into, 1, b).at(-1)! - 1);
    assert.ok(count !== undefined);
    negatives++;
    if (count === 1) ofOnce++;
  }
  assert.ok(Math.abs(ofOnce / negatives - once) < 0.03, `${ofOnce} of ${negatives}, ${once}`);
});

Deno.test("the shortest data sets find negatives, too", async () => {
  for (const inputs of [60, 100, 200]) {
    const dataset = await openTwin({ twin: "rm1", inputs });
    for (const split of ["train", "test", "validation"] as const) {
      const into = createInputs(dataset.schema, dataset.count(split));
      dataset.reader(split, { kind: "sequential" }).read(0, into.size, into);
    }
  }
});

Deno.test("no user is in two splits", () => {
  const seen = new Map<number, Split>();
  for (const split of ["train", "test", "validation"] as const) {
    const into = read(split, 0, DATASET.count(split));
    for (let b = 0; b < into.size; b++) {
      const user = into.ids[b * STEPS]!;
      assert.ok((seen.get(user) ?? split) === split);
      seen.set(user, split);
    }
  }
});

Deno.test("any sequence can be had without those before it, in any order", async () => {
  const all = read("train", 500, 64);
  const fresh = await openTwin({ twin: "rm1", inputs: 20_000, seed: 4 });
  const one = createInputs(fresh.schema, 1);
  fresh.reader("train", { kind: "sequential" }).read(541, 1, one);
  for (let t = 0; t < 3; t++) assert.deepEqual(steps(one, t, 0), steps(all, t, 41));
  assert.equal(one.labels[0], all.labels[41]);
  const shuffled = fresh.reader("train", { kind: "shuffled", seed: 1, epoch: 0 });
  shuffled.read(9, 1, one);
  const before = one.ids.slice();
  shuffled.read(300, 1, one);
  shuffled.read(9, 1, one);
  assert.deepEqual(one.ids, before);
  assert.throws(() => shuffled.read(shuffled.count, 1, one), RangeError);
});

Deno.test("ids are taken modulo a range in twins of both kinds", async () => {
  for (const twin of ["rm1", "rm4"]) {
    const plain = await openTwin({ twin, inputs: 5000 });
    const folded = await openTwin({ twin, inputs: 5000, maxIndexRange: 1000 });
    assert.notEqual(folded.hash, plain.hash);
    assert.ok(folded.schema.tables.every(({ rows }) => rows <= 1000));
    const [a, b] = [createInputs(plain.schema, 40), createInputs(plain.schema, 40)];
    plain.reader("train", { kind: "sequential" }).read(0, 40, a);
    folded.reader("train", { kind: "sequential" }).read(0, 40, b);
    assert.deepEqual(b.ids, a.ids.map((id) => id % 1000));
    assert.deepEqual(b.labels, a.labels);
  }
});

Deno.test("histories that make no sequences are one clear error", async () => {
  const short = RM1.lengths.map((n) => Math.min(n, 10));
  const cases: [Parameters<typeof openTwin>[0], RegExp][] = [
    [{ twin: "rm1", inputs: 7 }, /7 sequences are too few for users that train, test and validate/],
    [{ twin: "rm1", inputs: 2 ** 29 }, /536870912 sequences are more than/],
    [{ twin: { ...RM1, lengths: short } }, /no user has more than 10 events/],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(openTwin(options), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      return true;
    });
  }
});
