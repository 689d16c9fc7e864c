import assert from "node:assert/strict";
import type { Experiment, Settings } from "../../bench/experiment.ts";
import type { BenchDocument } from "../../bench/report.ts";
import { NOT_RESULTS, SUITE_FILE, TRAINED_FOLDER } from "../../bench/folder_names.ts";
import { writeResult } from "../../bench/results.ts";
import { writeSealed } from "../sealed.ts";
import { trainedFolder } from "../../bench/study/trained.ts";
import { lockFolder } from "../../bench/suite/lock.ts";
import { runSuite, type SuiteOptions, type SuiteOutcome } from "../../bench/suite/run.ts";
import type { SuiteState } from "../../bench/suite/state.ts";
import { UserError } from "../../core/errors.ts";
import { inFolder } from "../data/rows.ts";
import { documentOf, found, madeUp, settingsIn } from "./made_up.ts";

/** A suite in `FOLDER/out`, with what it said and how often the report was made. */
async function suite(
  folder: string,
  experiments: readonly Experiment[],
  more: Partial<Settings> = {},
  options: Partial<SuiteOptions> = {},
): Promise<SuiteOutcome & { said: string[]; refreshed: number }> {
  const said: string[] = [];
  let refreshed = 0;
  const outcome = await runSuite({
    experiments,
    settings: settingsIn(`${folder}/out`, { say: (line) => said.push(line), ...more }),
    command: "deno task bench",
    commandOf: ({ name }) => `deno task bench ${name}`,
    refresh: () => {
      refreshed++;
      return Promise.resolve();
    },
    ...options,
  });
  return { ...outcome, said, refreshed };
}

async function read<T = BenchDocument>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(path));
}

async function names(folder: string): Promise<string[]> {
  const all = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return all.sort();
}

Deno.test("runSuite() keeps every experiment and makes the report", () =>
  inFolder(async (folder) => {
    const { documents, interrupted, said, refreshed } = await suite(folder, [
      madeUp("one"),
      madeUp("two"),
    ]);
    assert.equal(interrupted, false);
    assert.deepEqual(documents.map(({ experiment }) => experiment), ["one", "two"]);
    assert.equal(refreshed, 1);
    assert.match(said[0]!, /^\[1\/2\] one: What one finds \(0:00 gone\)$/);
    assert.deepEqual(await names(`${folder}/out`), [
      "one-1.csv",
      "one.json",
      "suite.json",
      "suite.lock",
      "two-1.csv",
      "two.json",
    ]);
    const two = await read(`${folder}/out/two.json`);
    assert.equal(two.failure, null);
    assert.equal(two.command, "deno task bench two");
    assert.equal(two.settings.scale, "reduced");
    const state = await read<SuiteState>(`${folder}/out/suite.json`);
    assert.equal(state.status, "finished");
    assert.deepEqual(state.done.map(({ name }) => name), ["one", "two"]);
  }));

Deno.test("runSuite() gives an experiment the workloads that are enough for it, unless some were named", () =>
  inFolder(async (folder) => {
    const few: string[] = [];
    const experiment: Experiment = {
      ...madeUp("few", ({ workloads }) => {
        few.push(workloads.join());
        return found("few");
      }),
      suiteWorkloads: ["rm2"],
    };
    const { documents } = await suite(folder, [experiment], { smoke: false });
    assert.equal(documents[0]!.command, "deno task bench few --workloads rm2");
    await suite(folder, [experiment], { smoke: false }, { chosenWorkloads: true });
    await suite(folder, [experiment], { smoke: false, full: true });
    const all = settingsIn(folder).workloads.join();
    assert.deepEqual(few, ["rm2", all, all]);
  }));

Deno.test("runSuite() goes on after an experiment that throws, and keeps the reason", () =>
  inFolder(async (folder) => {
    const { documents, said } = await suite(folder, [
      madeUp("one"),
      madeUp("bad", () => {
        throw new TypeError("x is not a function");
      }),
      madeUp("wrong", () => {
        throw new UserError("Cannot do it: it is wrong");
      }),
      madeUp("last"),
    ]);
    assert.deepEqual(documents.map(({ failure }) => failure), [
      null,
      "TypeError: x is not a function",
      "Cannot do it: it is wrong",
      null,
    ]);
    assert.ok(said.includes("  bad failed: TypeError: x is not a function"), said.join("\n"));
    assert.equal((await read(`${folder}/out/bad.json`)).failure, "TypeError: x is not a function");
    assert.equal((await read(`${folder}/out/last.json`)).failure, null);
  }));

/** Runs three experiments and interrupts the second. */
async function interrupted(folder: string, more: Partial<Settings> = {}): Promise<void> {
  const controller = new AbortController();
  const outcome = await suite(folder, [
    madeUp("one"),
    madeUp("two", () => {
      controller.abort(new UserError("Interrupted"));
      return found("half of two");
    }),
    madeUp("three"),
  ], { signal: controller.signal, ...more });
  assert.equal(outcome.interrupted, true);
  assert.deepEqual(outcome.documents.map(({ experiment }) => experiment), ["one"]);
  assert.equal(outcome.refreshed, 1);
}

const never = madeUp("one", () => assert.fail("it is done already"));

Deno.test("runSuite() goes on where it was interrupted", () =>
  inFolder(async (folder) => {
    await interrupted(folder);
    const state = await read<SuiteState>(`${folder}/out/suite.json`);
    assert.equal(state.status, "interrupted");
    assert.ok(!(await names(`${folder}/out`)).includes("two.json"));
    const { documents, said } = await suite(folder, [never, madeUp("two"), madeUp("three")]);
    assert.deepEqual(documents.map(({ experiment }) => experiment), ["one", "two", "three"]);
    assert.ok(said[0]!.startsWith(`Going on with ${folder}/out: 1 of 3 done`), said[0]);
    assert.match(said[1]!, /^\[2\/3\] two/);
    assert.deepEqual(await names(folder), ["out"]);
  }));

Deno.test("runSuite() runs again what failed in a suite that came to its end, and only that", () =>
  inFolder(async (folder) => {
    const bad = madeUp("bad", () => {
      throw new Error("once");
    });
    await suite(folder, [madeUp("one"), bad]);
    const path = `${folder}/out/suite.json`;
    assert.equal((await read<SuiteState>(path)).status, "finished");
    await Deno.mkdir(`${folder}/out/trained`);
    await Deno.writeTextFile(`${folder}/out/trained/run.json`, "{}");
    const { documents, said } = await suite(folder, [never, madeUp("bad")]);
    assert.ok(documents.every(({ failure }) => failure === null));
    assert.match(
      said[0]!,
      /\/out: 1 of 2 done; what failed runs again \(bad\); name another folder with --out to begin anew/,
    );
    assert.match(said[1]!, /^\[2\/2\] bad: .* \(0:00 gone, 1 training run kept\)$/);
    assert.deepEqual(await names(folder), ["out"]);
    assert.ok((await names(`${folder}/out`)).includes("trained"));
    const { done } = await read<SuiteState>(path);
    assert.deepEqual(done.map(({ name, failure }) => [name, failure]), [["one", null], [
      "bad",
      null,
    ]]);
    const { said: third } = await suite(folder, [madeUp("one"), madeUp("bad")]);
    assert.match(third[0]!, /: it holds a finished suite$/);
  }));

Deno.test("runSuite() moves a suite with failures of other settings away", () =>
  inFolder(async (folder) => {
    await suite(folder, [madeUp("one", () => assert.fail("it broke"))]);
    const { said } = await suite(folder, [madeUp("one")], { seeds: 4 });
    assert.match(said[0]!, /: it holds a suite with failures of other settings /);
  }));

Deno.test("runSuite() goes on with another revision of the code, and says so", () =>
  inFolder(async (folder) => {
    await interrupted(folder);
    const path = `${folder}/out/suite.json`;
    const state = await read<SuiteState>(path);
    await writeSealed(path, { ...state, git_revision: "0".repeat(40) });
    const { said } = await suite(folder, [never, madeUp("two"), madeUp("three")]);
    assert.match(
      said[0]!,
      /: 1 of 3 done; what is kept is of revision 0000000 of the code, what follows of \w+/,
    );
  }));

Deno.test("runSuite() says that code with local changes goes on", () =>
  inFolder(async (folder) => {
    await interrupted(folder);
    const path = `${folder}/out/suite.json`;
    const state = await read<SuiteState>(path);
    await writeSealed(path, { ...state, git_dirty: true });
    const { said } = await suite(folder, [never, madeUp("two"), madeUp("three")]);
    assert.match(said[0]!, /: 1 of 3 done; the code has local changes, /);
  }));

Deno.test("runSuite() runs again what failed before the interruption, or was replaced since", () =>
  inFolder(async (folder) => {
    const controller = new AbortController();
    await suite(folder, [
      madeUp("bad", () => {
        throw new Error("once");
      }),
      madeUp("replaced"),
      madeUp("gone"),
      madeUp("stop", () => {
        controller.abort(new UserError("Interrupted"));
        return found("stop");
      }),
    ], { signal: controller.signal });
    const path = `${folder}/out/replaced.json`;
    const other = await read(path);
    const changed = { ...other, settings: { ...other.settings, seeds: 9 } };
    await writeSealed(path, changed);
    await Deno.remove(`${folder}/out/gone.json`);
    const ran: string[] = [];
    const noting = (name: string) =>
      madeUp(name, () => {
        ran.push(name);
        return found(name);
      });
    const { documents } = await suite(folder, ["bad", "replaced", "gone", "stop"].map(noting));
    assert.deepEqual(ran, ["bad", "replaced", "gone", "stop"]);
    assert.ok(documents.every(({ failure }) => failure === null));
  }));

Deno.test("runSuite() moves a finished suite away and knows then how long each experiment takes", () =>
  inFolder(async (folder) => {
    let ms = 0;
    const slow = (name: string) =>
      madeUp(name, () => {
        ms += 70_000;
        return found(name);
      });
    const now = () => ms;
    const first = await suite(folder, [slow("one"), slow("two")], {}, { now });
    assert.match(first.said[1]!, /\(1:10 gone\)$/);
    await Deno.mkdir(`${folder}/out/trained`);
    await Deno.writeTextFile(`${folder}/out/trained/run.json`, "{}");
    await Deno.writeTextFile(`${folder}/out/report.html`, "");
    const second = await suite(folder, [slow("one"), slow("two")], {}, { now });
    const [moved, out] = (await names(folder)).toSorted((a, b) => b.length - a.length);
    assert.match(moved!, /^out-\d{8}-\d{4}$/);
    assert.equal(out, "out");
    assert.equal(
      second.said[0],
      `${folder}/out is now ${folder}/${moved}: it holds a finished suite`,
    );
    assert.match(second.said[1]!, /\(0:00 gone, about 2:20 left\)$/);
    assert.match(second.said[2]!, /\(1:10 gone, about 1:10 left\)$/);
    assert.ok((await names(`${folder}/${moved}`)).includes("trained"));
    assert.ok(!(await names(`${folder}/out`)).includes("trained"));
    // Within the same minute the next one needs another name.
    const third = await suite(folder, [slow("one"), slow("two")], {}, { now });
    assert.equal((await names(folder)).length, 3);
    assert.match(third.said[0]!, /: it holds a finished suite$/);
  }));

Deno.test("runSuite() moves away what was begun otherwise, and says in what", () =>
  inFolder(async (folder) => {
    await interrupted(folder);
    const other = await suite(folder, [madeUp("one")], { seeds: 4 });
    assert.match(
      other.said[0]!,
      /: it holds an unfinished suite of other settings \(seeds by experiment\)$/,
    );
    assert.equal((await names(folder)).length, 2);
  }));

for (
  const [what, change, why] of [
    ["results", { results_version: 1 }, /with results of version 1, and \d+ is needed$/],
    ["the project", { project_version: "0.0.1" }, /of version 0\.0\.1 of the project$/],
    ["bits", { bits_version: 0 }, /whose training runs came to other bits than they do now$/],
    [
      "the state",
      { schema_version: 99 },
      /it holds a suite that cannot be gone on with \(Cannot read suite\.json: schema_version is 99 and this version reads \d+\)$/,
    ],
  ] as const
) {
  Deno.test(`runSuite() moves an unfinished suite of another version of ${what} away`, () =>
    inFolder(async (folder) => {
      await interrupted(folder);
      const path = `${folder}/out/suite.json`;
      await writeSealed(path, { ...await read<object>(path), ...change });
      const { said, documents } = await suite(folder, [madeUp("one")]);
      assert.match(said[0]!, why);
      assert.equal(documents.length, 1);
      assert.equal((await names(folder)).length, 2);
    }));
}

for (
  const [what, text, why] of [
    ["changed by hand", null, /it was changed after it was written\)$/],
    ["cut short", '{"schema": "slipstream.suite", "sch', /it is not JSON, or cut short \(.*\)\)$/],
    ["without fields", '{"schema": "slipstream.suite"}', /it ends without a checksum, so it is /],
  ] as const
) {
  Deno.test(`runSuite() moves an unfinished suite away whose state is ${what}`, () =>
    inFolder(async (folder) => {
      await interrupted(folder);
      const path = `${folder}/out/suite.json`;
      const state = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text ?? state.replace('"seconds": ', '"seconds": 1'));
      const { said, documents } = await suite(folder, [madeUp("one")]);
      assert.match(said[0]!, why);
      assert.equal(documents.length, 1);
    }));
}

Deno.test("runSuite() moves results of single experiments away, whatever version they are of", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/out`);
    const old = {
      schema: "slipstream.bench",
      schema_version: 1,
      finished_at: "2026-01-02T03:04:05Z",
    };
    await Deno.writeTextFile(`${folder}/out/skew.json`, JSON.stringify(old));
    await Deno.writeTextFile(`${folder}/out/skew-1.csv`, "");
    const { said } = await suite(folder, [madeUp("one")]);
    assert.equal(
      said[0],
      `${folder}/out is now ${folder}/out-20260102-0304: it holds results of single experiments (skew)`,
    );
    assert.deepEqual(await names(`${folder}/out-20260102-0304`), [
      "skew-1.csv",
      "skew.json",
      "suite.lock",
    ]);
  }));

Deno.test("runSuite() moves a folder with all that a suite and its experiments leave there", () =>
  inFolder(async (folder) => {
    await suite(folder, [madeUp("one")]);
    const { out } = settingsIn(`${folder}/out`);
    await Deno.mkdir(trainedFolder(out));
    // Of an experiment that was killed before its document was written, and of the report.
    for (const name of [...NOT_RESULTS, "two-1.csv", "one-figure.svg", "two.json.1a2b.tmp"]) {
      if (name === TRAINED_FOLDER || name === SUITE_FILE) continue;
      await Deno.writeTextFile(`${out}/${name}`, "");
    }
    await writeResult(out, documentOf("validate"));
    const { said } = await suite(folder, [madeUp("one"), madeUp("two")]);
    assert.match(said[0]!, /: it holds a finished suite$/);
    const moved = (await names(folder)).find((name) => name !== "out")!;
    assert.ok((await names(`${folder}/${moved}`)).includes("machine.json"));
  }));

Deno.test("runSuite() begins beside a machine file of a calibration that was killed later", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/out`);
    await Deno.writeTextFile(`${folder}/out/machine.json`, "{}");
    const { documents } = await suite(folder, [madeUp("one")]);
    assert.equal(documents.length, 1);
    assert.deepEqual(await names(folder), ["out"]);
  }));

Deno.test("writeResult() removes the tables that an experiment no longer has", () =>
  inFolder(async (folder) => {
    const { tables, ...rest } = found("one");
    const three = { ...rest, tables: [...tables, ...tables, ...tables] };
    await writeResult(folder, documentOf("one", three));
    await writeResult(folder, documentOf("one-more"));
    await Deno.writeTextFile(`${folder}/one-x.csv`, "");
    await writeResult(folder, documentOf("one"));
    assert.deepEqual(await names(folder), [
      "one-1.csv",
      "one-more-1.csv",
      "one-more.json",
      "one-x.csv",
      "one.json",
    ]);
  }));

Deno.test("runSuite() moves no folder that holds other things", () =>
  inFolder(async (folder) => {
    await suite(folder, [madeUp("one")]);
    await Deno.writeTextFile(`${folder}/out/thesis.tex`, "");
    await assert.rejects(
      suite(folder, [madeUp("one")]),
      /^UserError: Cannot start a suite in .*: it holds a finished suite, which would be moved, and thesis\.tex, which is none of its results/,
    );
    assert.deepEqual(await names(folder), ["out"]);
  }));

Deno.test("runSuite() refuses a folder in which another suite is running, and no other", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/out`);
    {
      using _lock = await lockFolder(`${folder}/out`, "suite");
      await assert.rejects(
        suite(folder, [madeUp("one")]),
        /^UserError: Cannot start a suite in .*\/out: another deno task bench is running there/,
      );
      await assert.rejects(
        lockFolder(`${folder}/out`, "experiments"),
        /^UserError: Cannot write results to .*\/out: a suite is running there/,
      );
      await suite(`${folder}/out`, [madeUp("one")]);
    }
    // Experiments by name share a folder with each other, and with no suite.
    using _one = await lockFolder(`${folder}/out`, "experiments");
    using _other = await lockFolder(`${folder}/out`, "experiments");
    await assert.rejects(
      suite(folder, [madeUp("one")]),
      /another deno task bench is running there/,
    );
  }));

Deno.test("runSuite() takes the folder of a suite that was killed", () =>
  inFolder(async (folder) => {
    await interrupted(folder);
    const path = `${folder}/out/suite.json`;
    const state = await read<SuiteState>(path);
    await writeSealed(path, { ...state, status: "running" });
    const { documents } = await suite(folder, [never, madeUp("two"), madeUp("three")]);
    assert.equal(documents.length, 3);
  }));

Deno.test("runSuite() ends with one error where a result cannot be written, and keeps the others", () =>
  inFolder(async (folder) => {
    await assert.rejects(
      suite(folder, [
        madeUp("one"),
        madeUp("two", async () => {
          // As a full disk does, for root too.
          await Deno.mkdir(`${folder}/out/two.json/x`, { recursive: true });
          return found("two");
        }),
        madeUp("three"),
      ]),
      /^UserError: Cannot write .*two\.json: /,
    );
    assert.equal((await read(`${folder}/out/one.json`)).failure, null);
    const state = await read<SuiteState>(`${folder}/out/suite.json`);
    assert.deepEqual(state.done.map(({ name }) => name), ["one"]);
  }));
