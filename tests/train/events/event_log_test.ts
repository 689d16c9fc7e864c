/** The events of a run say what its result says, and cannot end it. */

import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { EventLog } from "../../../train/events/event_log.ts";
import { openLineFile } from "../../../train/events/line_file.ts";
import { parseEvents, readEvents } from "../../../train/events/read_events.ts";
import type { ProgressEvent, RunEvent } from "../../../train/events/schema.ts";
import { viewOfEvents, viewOfResult } from "../../../train/page/mod.ts";
import type { RunHooks } from "../../../train/run/hooks.ts";
import type { RunOptions } from "../../../train/run/options.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { inFolder } from "../../data/rows.ts";

const RUN: RunOptions = {
  data: "synthetic:6000",
  model: { preset: "rm2", shape: { dim: 4, bottom: [13, 8, 4], top: [8, 1] } },
  training: { batch: 64, epochs: 2 },
  plan: { name: "slipstream", profile: 1, hotMemoryMib: 0.3, warmup: 4, window: 4, sample: 500 },
  device: { kind: "cpu", threads: 1 },
  evaluation: { every: 30 },
};

function of<K extends RunEvent["event"]>(events: readonly RunEvent[], kind: K) {
  return events.filter((event): event is Extract<RunEvent, { event: K }> => event.event === kind);
}

Deno.test("events hold what the result holds, and losses add up to its losses", () =>
  inFolder(async (folder) => {
    const path = `${folder}/deep/run.jsonl`;
    const result = await runTraining({ ...RUN, outputs: { events: path } });
    const events = await readEvents(path);
    const [start] = of(events, "start"), [end] = of(events, "end");
    assert.deepEqual([start!.step, start!.resumed, start!.dataset.train_inputs], [0, false, 5143]);
    assert.equal(events.at(-1), end);
    assert.deepEqual([end!.how, end!.step], ["completed", result.throughput.steps]);

    const progress = of(events, "progress") as readonly ProgressEvent[];
    const sum = progress.reduce(
      (sum, { loss, step }, i) => sum + loss! * (step - (progress[i - 1]?.step ?? 0)),
      0,
    );
    const exact = result.losses.reduce<number>((sum, loss) => sum + loss!, 0);
    assert.ok(Math.abs(sum / exact - 1) < 1e-6, `${sum} and ${exact}`);
    assert.deepEqual(
      of(events, "evaluation").map(({ step, auc, final }) => [step, auc, final]),
      result.evaluations.map(({ step, metrics }, i) => [
        step,
        metrics.auc,
        i === result.evaluations.length - 1,
      ]),
    );
    // What is classified under a decision comes after its line.
    const chosen = (
      { threshold, curve }: { threshold: number; curve: unknown },
    ) => [threshold, curve];
    assert.ok(result.plan.decisions.length > 0);
    assert.deepEqual(
      of(events, "decision").map(({ decision }) => chosen(decision)),
      result.plan.decisions.map(chosen),
    );
    assert.equal(end!.skipped_inputs, result.plan.skipped_inputs);

    const [a, b] = [viewOfEvents("a", events), viewOfResult("a", result)];
    for (const key of ["steps", "inputs", "skipped", "tables", "device", "ended"] as const) {
      assert.deepEqual(a[key], b[key], key);
    }
    for (const [stage, ms] of Object.entries(b.stagesMs)) {
      const told = a.stagesMs[stage as keyof typeof a.stagesMs]!;
      // The evaluation at the end comes after the last progress.
      if (stage !== "evaluate") assert.ok(Math.abs(told - ms) < 0.01 + 0.01 * ms, stage);
    }
  }));

Deno.test("a run that goes on appends to its events, behind the last whole line", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.jsonl`, checkpoints = { folder: `${folder}/run`, every: 20 };
    const stop = new AbortController();
    const first = await runTraining({ ...RUN, checkpoints, outputs: { events: path } }, {
      signal: stop.signal,
      onStep: ({ step }) => {
        if (step === 50) stop.abort();
      },
    });
    assert.equal(first.ended.how, "interrupted");
    const before = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, '{"event":"progress","st', { append: true });
    const notes: string[] = [];
    const resumed = { folder: `${folder}/run`, resume: `${folder}/run` };
    const whole = await runTraining(
      { ...RUN, checkpoints: resumed, outputs: { events: path } },
      { onNote: (line) => notes.push(line) },
    );
    assert.ok(notes.includes(`Events go on in ${path}`), notes.join());
    const text = await Deno.readTextFile(path);
    assert.ok(text.startsWith(before));
    const events = parseEvents(path, text);
    assert.deepEqual(of(events, "start").map(({ step, resumed }) => [step, resumed]), [
      [0, false],
      [50, true],
    ]);
    assert.deepEqual(of(events, "end").map(({ how }) => how), ["interrupted", "completed"]);
    assert.equal(of(events, "decision").length, whole.plan.decisions.length);
    assert.equal(viewOfEvents("run", events).steps, whole.throughput.steps);
    const steps = of(events, "progress").map(({ step }) => step);
    assert.deepEqual(steps, steps.toSorted((a, b) => a - b));
    assert.equal(new Set(steps).size, steps.length);
  }));

Deno.test("the last event of a run that fails says why", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.jsonl`;
    const training = { batch: 64, learningRate: 1e30 };
    await assert.rejects(runTraining({ ...RUN, training, outputs: { events: path } }), {
      name: "TrainingFailure",
    });
    const end = (await readEvents(path)).at(-1)!;
    assert.ok(end.event === "end" && end.how === "failed");
    assert.match(end.reason!, /^Cannot go on after step \d+: /);
  }));

Deno.test("a new run empties the file of events that is there", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.jsonl`;
    await Deno.writeTextFile(path, "something else\n");
    await runTraining({ ...RUN, training: { batch: 64, maxSteps: 3 }, outputs: { events: path } });
    assert.equal((await readEvents(path))[0]!.event, "start");
  }));

Deno.test("events that cannot be written are told of once, and the run goes on", async () => {
  const written: string[] = [];
  const full = {
    empty: true,
    write(text: string): void {
      if (written.length > 0) {
        throw new UserError("Cannot write run.jsonl: No space left on device");
      }
      written.push(text);
    },
    [Symbol.dispose]: () => {},
  };
  const warnings: string[] = [];
  const run = {
    resumed: false,
    configuration: {},
    device: "any",
    dataset: { format: "any", train_inputs: 1, test_inputs: 1, tables: [] },
  };
  const hooks: RunHooks = { onWarning: ({ message }) => warnings.push(message) };
  using log = new EventLog(full, run, hooks.onWarning);
  const { losses } = await runTraining(RUN, log.hooks(hooks));
  assert.ok(losses.length > 50);
  assert.equal(written.length, 1);
  assert.deepEqual(warnings, [
    "Cannot write run.jsonl: No space left on device; the run goes on without writing its events",
  ]);
});

Deno.test("openLineFile() cuts a last line that is not whole, however long, and nothing else", () =>
  inFolder(async (folder) => {
    const path = `${folder}/lines`;
    const cases = [["", ""], ["a", ""], ["a\n", "a\n"], ["a\nb", "a\n"]];
    cases.push([`a\n${"b".repeat(200_000)}`, "a\n"]);
    for (const [before, kept] of cases) {
      await Deno.writeTextFile(path, before!);
      {
        using file = await openLineFile(path, true);
        assert.equal(file.empty, kept === "");
        file.write("next\n");
      }
      assert.equal(await Deno.readTextFile(path), `${kept}next\n`);
    }
  }));

Deno.test("parseEvents() says which line is wrong, and leaves out what it does not know", () => {
  const start = JSON.stringify({
    event: "start",
    schema: "slipstream.events",
    schema_version: 1,
    ...{ step: 0, inputs: 0, train_ms: 0, resumed: false, configuration: {}, device: "x" },
    dataset: { format: "x", train_inputs: 1, test_inputs: 1, tables: ["C1"] },
  });
  const refuses = (text: string, message: string) =>
    assert.throws(() => parseEvents("run.jsonl", text), { name: "UserError", message });
  refuses(
    "",
    "Cannot read run.jsonl: its first line is no beginning of a run, as deno task train --events writes it",
  );
  refuses(`${start}\n{"event":\n`, "Cannot read run.jsonl: line 2 is no JSON");
  refuses(
    `${start}\n{"event":"end","step":-1}\n`,
    "Cannot read run.jsonl: line 2: step is -1 and must be a whole number of at least 0",
  );
  refuses(
    `${start.replace('"schema_version":1', '"schema_version":2')}\n`,
    "Cannot read run.jsonl: line 1: schema_version is 2 and this version reads 1",
  );
  const later = `${start}\n{"event":"of a later version"}\n{"event":"progr`;
  assert.deepEqual(parseEvents("run.jsonl", later).map(({ event }) => event), ["start"]);
});
