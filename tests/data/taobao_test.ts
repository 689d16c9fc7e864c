import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { UserError } from "../../core/errors.ts";
import { createInputs } from "../../data/inputs.ts";
import { openDataset, type OpenOptions } from "../../data/open.ts";
import { RandomStream } from "../../core/random.ts";
import type { Dataset, Split } from "../../data/types.ts";
import { splitUsers } from "../../data/user_split.ts";
import { WindowDraw } from "../../data/user_windows.ts";
import { event } from "./log_rows.ts";
import { checkReadAtOf } from "./read_at.ts";
import { inFolder, readAll } from "./rows.ts";

const STEPS = 21;
const SPLITS = ["train", "test", "validation"] as const;

function open(
  folder: string,
  name: string,
  options: Partial<OpenOptions> = {},
): Promise<Dataset> {
  return openDataset({
    data: [`${folder}/${name}`],
    cacheDirectory: `${folder}/cache`,
    ...options,
  });
}

interface Event {
  readonly user: number;
  readonly item: number;
  readonly category: number;
  readonly second: number;
}

/** Users 1000, 1001, … with 1 to `most` events each; item i is of category i mod 7, item 5 also of category 100. */
function someEvents(users: number, most: number): Event[] {
  const words = new RandomStream(1, "synthetic");
  let at = 0;
  const events: Event[] = [];
  for (let u = 0; u < users; u++) {
    const count = 1 + words.uint32(at++) % most;
    const times = Array.from({ length: count }, () => words.uint32(at++) % 700_000).sort((a, b) =>
      a - b
    );
    times.forEach((time, k) => {
      const item = 10 + words.uint32(at++) % 500;
      const category = item === 15 && k % 2 === 0 ? 100 : item % 7;
      // No two events of a user in one second, so that the order of the lines means nothing.
      events.push({ user: 1000 + u, item, category, second: time + k });
    });
  }
  return events;
}

const textOf = (events: readonly Event[]) =>
  events.map((e) => event(e.user, e.item, e.category, e.second)).join("");

/** Inputs as (user, items, categories, label), with raw ids, null for padding. */
async function inputsOf(dataset: Dataset, split: Split, events: readonly Event[]) {
  const raw = (of: (e: Event) => number) => [...new Set(events.map(of))].sort((a, b) => a - b);
  const users = raw((e) => e.user), items = raw((e) => e.item), categories = raw((e) => e.category);
  const { ids, dense, labels, size } = await readAll(dataset, split);
  return Array.from({ length: size }, (_, b) => {
    const table = (t: number) => {
      const at = (t * size + b) * STEPS;
      return [...ids.subarray(at, at + STEPS)];
    };
    assert.deepEqual(
      [...dense.subarray(b * STEPS, (b + 1) * STEPS)],
      Array.from({ length: STEPS }, (_, s) => Math.fround(s / STEPS)),
    );
    const [user, ...others] = table(0);
    assert.ok(others.every((id) => id === user));
    return {
      user: users[user!]!,
      items: table(1).map((id) => id === 0 ? null : items[id - 1]!),
      categories: table(2).map((id) => id === 0 ? null : categories[id - 1]!),
      label: labels[b]!,
    };
  });
}

/** Where the last events of windows may be, and how many windows, after the original's padded lists of 200. */
function originalWindows(events: number) {
  const first = 200 - Math.min(events, 200), last = 199;
  const count = [0, 1, 3, 6, 10][Math.min(4, Math.floor((last - first) / 10))]!;
  return {
    count,
    positive: [Math.min(first + 20, 198), 198] as const,
    negative: [Math.min(first + 19, 198), 198] as const,
    toPadded: (end: number) => end + first,
  };
}

Deno.test("windows are the original's, in number and place", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(50), (events, user) => {
      const draw = new WindowDraw(9, Uint32Array.of(7, 8));
      const expected = originalWindows(events);
      const windows = draw.train(user, events, (pair) => pair === 7);
      assert.equal(windows.length, 2 * expected.count);
      for (const [i, { end, negative, label }] of windows.entries()) {
        const positive = i < expected.count;
        assert.equal(label, positive ? 1 : 0);
        assert.equal(negative, positive ? null : 8);
        const [low, high] = positive ? expected.positive : expected.negative;
        const at = expected.toPadded(end);
        assert.ok(at >= low && at <= high, `${at}`);
      }
      assert.deepEqual(
        new WindowDraw(9, Uint32Array.of(7, 8)).train(user, events, () => false)
          .slice(0, expected.count),
        windows.slice(0, expected.count),
      );
      assert.equal(draw.heldOut(user, events, () => false).length, expected.count === 0 ? 0 : 2);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("all places of a window come up about equally often, both labels of a test about half", () => {
  const draw = new WindowDraw(3, Uint32Array.of(1));
  const ends = new Map<number, number>();
  let ones = 0;
  for (let user = 0; user < 2000; user++) {
    for (const { end } of draw.train(user, 31, () => true)) ends.set(end, (ends.get(end) ?? 0) + 1);
    ones += draw.test(user, 31, () => false)[0]!.label;
  }
  // 30 events before the last: places 20 … 29, six windows a user; negatives are all refused.
  assert.deepEqual([...ends.keys()].sort((a, b) => a - b), [
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    28,
    29,
  ]);
  for (const count of ends.values()) assert.ok(Math.abs(count - 1200) < 5 * Math.sqrt(1080));
  assert.equal(draw.missed, 12_000);
  assert.ok(Math.abs(ones - 1000) < 5 * Math.sqrt(500));
});

Deno.test("users split by the times of their last events; those that validate do not train", () => {
  const times = Uint32Array.from({ length: 100 }, (_, u) => (u * 37) % 100);
  const { train, test, validation } = splitUsers(times, 1, false);
  assert.deepEqual(
    [...test].map((u) => times[u]!).sort((a, b) => a - b),
    Array.from(
      { length: 29 },
      (_, i) => 71 + i,
    ),
  );
  assert.deepEqual([train.length, validation.length], [64, 7]);
  const all = [...train, ...test, ...validation].sort((a, b) => a - b);
  assert.deepEqual(all, Array.from({ length: 100 }, (_, i) => i));
  const leaky = splitUsers(times, 1, true);
  assert.deepEqual([...leaky.validation], [...leaky.train]);
  assert.equal(leaky.train.length, 71);
  assert.notDeepEqual([...splitUsers(times, 2, false).train], [...train]);
});

Deno.test("inputs are windows of what a user did, and negatives are new to the user", () =>
  inFolder(async (folder) => {
    const events = someEvents(120, 260);
    await Deno.writeTextFile(`${folder}/f`, textOf(events));
    const dataset = await open(folder, "f");
    assert.equal(dataset.schema.format, "taobao");
    assert.equal(dataset.schema.steps, STEPS);
    assert.deepEqual(dataset.schema.dense, ["step"]);
    const distinct = (of: (e: Event) => number) => new Set(events.map(of)).size;
    assert.deepEqual(dataset.schema.tables, [
      { name: "user", rows: distinct((e) => e.user) },
      { name: "item", rows: distinct((e) => e.item) + 1 },
      { name: "category", rows: distinct((e) => e.category) + 1 },
    ]);
    const pairs = new Set(events.map((e) => `${e.item} ${e.category}`));
    const usersOf = { train: new Set(), test: new Set(), validation: new Set() };
    for (const split of SPLITS) {
      const inputs = await inputsOf(dataset, split, events);
      assert.ok(inputs.length > 0);
      for (const { user, items, categories, label } of inputs) {
        usersOf[split].add(user);
        const mine = events.filter((e) => e.user === user);
        const history = [...Array(STEPS).fill(null), ...mine.slice(-200)];
        const held = label === 1 ? STEPS : STEPS - 1;
        // Somewhere in the history, not in its last place unless it tests.
        const found = history.findIndex((_, at) =>
          (split === "test" ? at + STEPS === history.length : at + held < history.length) &&
          items.slice(0, held).every((item, s) =>
            (history[at + s]?.item ?? null) === item &&
            (history[at + s]?.category ?? null) === categories[s]
          )
        );
        assert.ok(found >= 0, `${split} ${user} ${items}`);
        if (label === 0) {
          const last = items.at(-1);
          assert.ok(pairs.has(`${last} ${categories.at(-1)}`));
          if (split === "test") assert.notEqual(last, mine.at(-1)!.item);
          else assert.ok(mine.every((e) => e.item !== last));
        }
      }
    }
    for (const split of ["test", "validation"] as const) {
      assert.equal(usersOf.train.intersection(usersOf[split]).size, 0);
    }
    const expected = [...usersOf.train].reduce<number>(
      (sum, user) => sum + 2 * originalWindows(events.filter((e) => e.user === user).length).count,
      0,
    );
    assert.equal(dataset.count("train"), expected);
    assert.match(dataset.notes.join("\n"), /; 1 pairs more than items/);
    assert.match(dataset.notes.join("\n"), /fewer than 11 events give/);

    const leaky = await open(folder, "f", { leak: true });
    const trained = new Set((await inputsOf(leaky, "train", events)).map((input) => input.user));
    const validated = (await inputsOf(leaky, "validation", events)).map((input) => input.user);
    assert.ok(validated.every((user) => trained.has(user)) && validated.length > 0);
    assert.match(leaky.notes.join("\n"), /also trained on, as in the original/);
    for (const one of [dataset, leaky]) one.close();
  }));

Deno.test("the order of the lines changes nothing", () =>
  inFolder(async (folder) => {
    const events = someEvents(60, 60);
    const keyed = events.map((e, i) => ({ e, key: Math.imul(i + 1, 0x9e3779b1) >>> 0 }));
    const mixed = keyed.sort((a, b) => a.key - b.key).map(({ e }) => e);
    await Deno.writeTextFile(`${folder}/grouped`, textOf(events));
    await Deno.writeTextFile(`${folder}/mixed`, textOf(mixed));
    const grouped = await open(folder, "grouped"), ungrouped = await open(folder, "mixed");
    assert.match(grouped.notes.join("\n"), /\(grouped by user\)/);
    assert.match(ungrouped.notes.join("\n"), /\(not grouped by user\)/);
    assert.deepEqual(grouped.schema, ungrouped.schema);
    for (const split of SPLITS) {
      assert.deepEqual(await readAll(grouped, split), await readAll(ungrouped, split));
    }
    const other = await open(folder, "grouped", { seed: 5 });
    assert.notDeepEqual(await readAll(other, "train"), await readAll(grouped, "train"));
    for (const one of [grouped, ungrouped, other]) one.close();
  }));

Deno.test("sequences are read in any order and minibatch size", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, textOf(someEvents(60, 60)));
    const dataset = await open(folder, "f");
    const all = await readAll(dataset, "train"), count = all.size;
    const reader = dataset.reader("train", { kind: "shuffled", seed: 1, epoch: 0 });
    const into = createInputs(dataset.schema, 32);
    const seen: string[] = [];
    const key = (inputs: typeof all, b: number) =>
      [0, 1, 2].map((t) =>
        inputs.ids.slice((t * inputs.size + b) * STEPS, (t * inputs.size + b + 1) * STEPS).join(" ")
      ).join(";") + inputs.labels[b];
    for (let at = 0; at < count; at += 32) {
      await reader.read(at, Math.min(32, count - at), into);
      for (let b = 0; b < into.size; b++) seen.push(key(into, b));
    }
    const expected = Array.from({ length: count }, (_, b) => key(all, b));
    assert.notDeepEqual(seen, expected);
    assert.deepEqual(seen.sort(), expected.sort());
    assert.throws(() => reader.read(0, 33, into), RangeError);
    await checkReadAtOf(dataset, "train");
    dataset.close();
  }));

Deno.test("a frequency threshold counts the events of users that train; padding keeps its row", () =>
  inFolder(async (folder) => {
    const events = someEvents(100, 40);
    await Deno.writeTextFile(`${folder}/f`, textOf(events));
    const plain = await open(folder, "f"), dataset = await open(folder, "f", { minCount: 6 });
    const trainers = new Set((await inputsOf(plain, "train", events)).map((input) => input.user));
    const before = await readAll(plain, "train"), after = await readAll(dataset, "train");
    const items = [...new Set(events.map((e) => e.item))].sort((a, b) => a - b);
    // Users with few events train without giving an input, so counts are at least those of users seen in inputs.
    const least = new Map<number, number>();
    for (const e of events) {
      if (trainers.has(e.user)) least.set(e.item, (least.get(e.item) ?? 0) + 1);
    }
    const rows = new Map<number, number>();
    const from = before.size * STEPS;
    for (let i = from; i < 2 * from; i++) {
      const old = before.ids[i]!, now = after.ids[i]!;
      assert.equal(rows.get(old) ?? now, now);
      rows.set(old, now);
      if (old === 0) assert.equal(now, 1);
      else if ((least.get(items[old - 1]!) ?? 0) >= 6) assert.ok(now >= 2);
    }
    assert.ok([...rows.values()].includes(0));
    const kept = [...rows.values()].filter((row) => row >= 2);
    assert.equal(new Set(kept).size, kept.length);
    assert.ok(dataset.schema.tables[1]!.rows < plain.schema.tables[1]!.rows);
    assert.ok(Math.max(...after.ids.subarray(from, 2 * from)) < dataset.schema.tables[1]!.rows);
    for (const one of [plain, dataset]) one.close();
  }));

Deno.test("real dirt: a last line cut short, times out of range, short histories", () =>
  inFolder(async (folder) => {
    const events = someEvents(60, 60);
    const text = textOf(events);
    const lost = event(1000, 999_999, 1, -5) + event(77, 3, 1, 800_000).replace(/\d+\n/, "-9\n");
    const cuts = ["1000,2268", "1000,2,3,p", `1000,2,3,pv,`];
    const names = ["plain", ...cuts.map((_, i) => `cut${i}`)];
    await Deno.writeTextFile(`${folder}/plain`, text);
    for (const [i, end] of cuts.entries()) {
      await Deno.writeTextFile(`${folder}/cut${i}`, lost + text + end);
    }
    const [plain, ...others] = await Promise.all(names.map((name) => open(folder, name)));
    for (const other of others) {
      assert.deepEqual(other.schema, plain!.schema);
      for (const split of SPLITS) {
        assert.deepEqual(await readAll(other, split), await readAll(plain!, split));
      }
      const notes = other.notes.join("\n");
      assert.match(notes, /Dropped 2 events outside 25 November to 3 December 2017/);
      assert.match(notes, /Dropped the last line, cut short: .*cut\d:\d+$/m);
    }
    for (const one of [plain!, ...others]) one.close();
  }));

Deno.test("bad Taobao files are one sentence each, or bad rows are skipped", () =>
  inFolder(async (folder) => {
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    const good = textOf(someEvents(60, 60));
    await write("ragged", `${good}1,2\n${good}`);
    await write("oversized", `${good}${"7".repeat(70_000)}\n`);
    await write("encoded", `${good}1,2,3,pv\u00e9,1511539300\n`);
    await write("late", "1,2,3,pv,-5\n1,2,3,pv,-6\n");
    await write("header", `usr,itm,cat,what,when\n${good}`);
    await write("short", someEvents(60, 9).map((e) => textOf([e])).join(""));
    await write("one", textOf(someEvents(1, 60)));
    const rejects = async (name: string, message: RegExp, options: Partial<OpenOptions> = {}) => {
      await assert.rejects(open(folder, name, options), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\.$|\n/);
        return true;
      });
    };
    await rejects("ragged", /ragged:\d+:3 \(category\): the row has 2 columns where a Taobao row/);
    await rejects("oversized", /oversized:\d+:1 \(user\): the line has more than 4096 bytes$/);
    await rejects("encoded", /encoded:\d+:4 \(behaviour\): "pv\\xc3\\xa9" is not one of pv, buy/);
    await rejects(
      "late",
      /^Cannot recognise the format of .*late: it has as many columns as Taobao's log, .* \(its times are none from 1970 to 2106\)/,
    );
    await rejects("header", /header:1:1 \(user\): "usr" is not an unsigned integer of 32 bits$/);
    await rejects(
      "short",
      /^Cannot make sequences of .*short: of its 60 users none with 11 events .* left to train$/,
    );
    await rejects("one", /of its 1 user none with 11 events or more is left to test$/);
    const skipped = await open(folder, "header", { badRows: "skip" });
    assert.match(skipped.notes.join("\n"), /Skipped 1 bad row/);
    skipped.close();
  }));
