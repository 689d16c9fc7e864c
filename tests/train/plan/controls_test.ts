import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { findHotSet, segregate } from "../../../train/plan/hot_set.ts";
import { PLAN_DEFAULTS, type PlanOptions, resolvePlan } from "../../../train/plan/options.ts";
import { train } from "../../../train/run/trainer.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import {
  arrayDataset,
  drawnRun,
  hotSetOf,
  lettersRun,
  recordTraining,
  runToy,
  toyModel,
  toyOptions,
} from "./plan_cases.ts";

const ADAGRAD = { kind: "adagrad", eps: 1e-10 } as const;

for (const placement of ["device", "hot"] as const) {
  Deno.test(`freeze, ${placement}: every input is trained, and stale rows keep their bits`, async () => {
    const device = await openCpuDevice({ threads: 1 });
    try {
      const run = drawnRun(false, 120, {
        plan: { name: "freeze", warmup: 1, window: 4, drop: 0.5 },
        placement,
        optimizer: ADAGRAD,
        more: { batch: 4 },
      });
      const model = toyModel(device, run);
      await model.initialise(3);
      const trained = recordTraining(model);
      const real = model.trainStep.bind(model);
      const before: Float32Array[] = [];
      // Rows and state as they are before each minibatch.
      const tables = placement === "hot" ? model.hot!.tables : model.tables;
      const read = async () => {
        const all = [await tables.readRows(0, tables.totalRows)];
        all.push(await tables.readState(0, tables.totalRows));
        return all;
      };
      model.trainStep = async (batch, step, route) => {
        if (before.length === 0 || step.number === decidedAt + 1) before.push(...await read());
        await real(batch, step, route);
      };
      const records: Parameters<NonNullable<ReturnType<typeof toyOptions>["trace"]>["add"]>[0][] =
        [];
      const cold = 120 - hotInputs(run.inputs, run.hot);
      const decidedAt = Math.ceil(cold / 4) + 5 - 1;
      const result = await train(
        model,
        arrayDataset(run.tableRows, run.inputs),
        toyOptions(run, records),
      );
      const inputs = trained.flatMap((minibatch) => minibatch.inputs);
      assert.deepEqual(inputs.toSorted((a, b) => a - b), Array.from({ length: 120 }, (_, i) => i));
      assert.equal(result.plan.skipped_inputs, 0);
      assert.equal(records[decidedAt]!.kind, "window");
      assert.equal(records[decidedAt + 1]!.kind, "hot");
      const [decision] = result.plan.decisions;
      const stale = decision!.tables.reduce((sum, table) => sum + table.stale, 0);
      assert.ok(stale > 0 && stale < 9, `${stale} of 9 hot rows`);
      const frozen = records.slice(decidedAt + 1).map((record) => record.frozen_rows);
      assert.ok(frozen.some((count) => count > 0));
      assert.ok(records.slice(0, decidedAt + 1).every((record) => record.frozen_rows === 0));
      // All different rows are counted as gathered, and those that are not frozen as updated.
      records.forEach((record, i) =>
        assert.equal(record.unique_rows - record.frozen_rows, trained[i]!.rows.length)
      );
      // The first pair is from the start, the second from the decision.
      const [, , then, stateThen] = before, [now, stateNow] = await read();
      const perState = stateThen!.length / tables.totalRows, dim = tables.dim;
      const same = (a: Float32Array, b: Float32Array, row: number, width: number): boolean =>
        a.subarray(row * width, (row + 1) * width)
          .every((x, i) => Object.is(x, b[row * width + i]));
      const still = Array.from({ length: tables.totalRows }, (_, row) => row)
        .filter((row) => same(then!, now!, row, dim) && same(stateThen!, stateNow!, row, perState));
      const moved = new Set(trained.slice(decidedAt + 1).flatMap(({ rows }) => rows));
      const flat = placement === "hot" ? model.hot!.flatRows : null;
      for (let row = 0; row < tables.totalRows; row++) {
        assert.equal(still.includes(row), !moved.has(flat?.[row] ?? row), `row ${row}`);
      }
      model.dispose();
    } finally {
      device.dispose();
    }
  });
}

function hotInputs(inputs: readonly (readonly number[])[], hot: readonly number[][]): number {
  return inputs.filter((ids) => ids.every((id, t) => hot[t]!.includes(id))).length;
}

Deno.test("freeze: rows are updated in a later window, so that they can wake up", async () => {
  const moves = [0.25, 0.03125, 0, 0.5, 0.03125, 0];
  const { trained, records, result } = await runToy(lettersRun("X" + "PSQR".repeat(8), false, {
    moves,
    plan: { name: "freeze", warmup: 1, window: 3, wakeEvery: 3, drop: 0.5 },
  }));
  // Each row has a quarter of the lookups: b and d (flat rows 1 and 4) are stale after the first window.
  records.forEach(({ kind, frozen_rows }, i) => {
    const { rows } = trained[i]!;
    if (kind === "window") assert.ok(rows.includes(1) && rows.includes(4), `minibatch ${i}`);
    if (kind === "hot") assert.ok(!rows.includes(1) && !rows.includes(4) && frozen_rows === 2);
  });
  const [first, second] = result.plan.decisions;
  assert.equal(second!.threshold, first!.threshold, "they moved as before");
  assert.equal(second!.woken + second!.fallen_asleep, 0);
});

Deno.test("another look after a share of the 32 hot minibatches is one after that many", async () => {
  const looksAfter = async (wakeEvery: number) => {
    const { records, result } = await runToy(lettersRun("X" + "PSQR".repeat(8), false, {
      moves: [0.25, 0.03125, 0, 0.5, 0.03125, 0],
      plan: { name: "slipstream", warmup: 1, window: 3, wakeEvery, drop: 0.25 },
      more: { batch: 1 },
    }));
    return { kinds: records.map(({ kind }) => kind), decisions: result.plan.decisions.length };
  };
  const three = await looksAfter(3);
  assert.ok(three.decisions > 2);
  assert.deepEqual(await looksAfter(3 / 32), three);
  // No share is less than a minibatch.
  assert.deepEqual(await looksAfter(1e-6), await looksAfter(1));
  for (const wrong of [NaN, Infinity, -0.5, 1.5]) {
    await assert.rejects(
      looksAfter(wrong),
      /^UserError: Cannot use .*: it must be a share of the hot minibatches below 1/,
    );
  }
});

Deno.test("random-drop: a share within binomial bounds after the window, the same every time", async () => {
  const count = 4000, drop = 0.3;
  const of = (seed: number) =>
    runToy(lettersRun("X" + "PSQR".repeat(count / 4), false, {
      moves: [0, 0, 0, 0, 0, 0],
      plan: { name: "random-drop", warmup: 1, window: 1, drop },
      more: { batch: 8, seed },
    }));
  const [one, again, other] = [await of(1), await of(1), await of(2)];
  const inputs = (outcome: typeof one) => outcome.trained.flatMap((minibatch) => minibatch.inputs);
  assert.deepEqual(inputs(again), inputs(one));
  assert.notDeepEqual(inputs(other), inputs(one));
  for (const outcome of [one, other]) {
    assert.deepEqual(inputs(outcome).slice(0, 17), Array.from({ length: 17 }, (_, i) => i));
    const left = count - 16, skipped = outcome.result.plan.skipped_inputs;
    const deviation = Math.sqrt(left * drop * (1 - drop));
    assert.ok(Math.abs(skipped - left * drop) < 4 * deviation, `${skipped} of ${left}`);
    assert.equal(outcome.result.plan.decisions.length, 0);
    // In order, and without regard to what the inputs look up.
    const kept = inputs(outcome);
    assert.deepEqual(kept, kept.toSorted((a, b) => a - b));
    for (let letter = 0; letter < 4; letter++) {
      const kind = kept.filter((i) => i > 16 && (i - 1) % 4 === letter).length;
      const most = 5 * Math.sqrt(left / 4 * drop * (1 - drop));
      assert.ok(Math.abs(kind - left / 4 * (1 - drop)) < most, `${kind} of letter ${letter}`);
    }
  }
});

Deno.test("skip-hot and skip-cold train exactly the one kind", async () => {
  const run = drawnRun(false, 90, { plan: {}, more: { batch: 4 } });
  const hot = run.inputs.map((ids) => ids.every((id, t) => run.hot[t]!.includes(id)));
  const numbers = hot.map((_, i) => i);
  for (
    const [name, wanted] of [["skip-hot", false], ["skip-cold", true]] as const
  ) {
    const { trained, result } = await runToy({ ...run, plan: { name } });
    assert.deepEqual(
      trained.flatMap(({ inputs }) => inputs),
      numbers.filter((i) => hot[i] === wanted),
    );
    assert.equal(result.plan.skipped_inputs, hot.filter((is) => is !== wanted).length);
  }
});

const SHAPE = { lookups: 26, sequences: false } as const;
const PLAN: PlanOptions = { ...PLAN_DEFAULTS, name: "slipstream", profile: 1 };

Deno.test("rows that the profile never saw are left out, and hot with the artifact", async () => {
  // Row 2 of table 0 and row 0 of table 1 are in no input; six rows, of 16 bytes each.
  const dataset = arrayDataset([3, 3], [[0, 1], [0, 2], [1, 1], [0, 1]]);
  const of = async (mode: PlanOptions["mode"], rows: number) => {
    const options = { ...PLAN, mode, hotMemoryMib: rows * 16 / 2 ** 20 };
    return (await findHotSet(dataset, options, [3, 3], 4, 1)).rows;
  };
  const corrected = await of("corrected", 5);
  assert.deepEqual(corrected.rows.map((rows) => [...rows]), [[0, 1], [1, 2]]);
  assert.match(corrected.note!, /^All 4 rows that the profile has seen are hot/);
  const artifact = await of("artifact", 5);
  assert.equal(artifact.total, 5);
  assert.ok(artifact.rows.some((rows, t) => rows.includes([2, 0][t]!)));
  assert.equal(artifact.leastAccesses, 0);
});

Deno.test("budgets that make everything or nothing hot are refused with what to do", async () => {
  const dataset = arrayDataset([3, 3], [[0, 0], [1, 1], [2, 2], [0, 1]]);
  const find = (hotMemoryMib: number) =>
    findHotSet(dataset, { ...PLAN, hotMemoryMib }, [3, 3], 4, 1);
  const refuses = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error) => error instanceof UserError && message.test(error.message));
  await refuses(
    find(1),
    /^Cannot tell hot rows from cold ones: all 6 rows fit into plan.hotMemoryMib 1;/,
  );
  await refuses(
    find(15 / 2 ** 20),
    /^Cannot choose hot rows: a budget of 15 bytes holds no row of 4 floats, which takes 16$/,
  );
  const order = { kind: "sequential" } as const;
  await refuses(
    segregate(dataset, order, hotSetOf([3, 3], [[0], [2]]).rows),
    /^Cannot train hot inputs: none of 4 inputs has hot rows alone; use a larger plan.hotMemoryMib/,
  );
  // All rows that occur are hot, though not all rows.
  await refuses(
    runToy({
      ...{ tableRows: [3, 3], inputs: [[0, 0], [0, 1]], hot: [[0], [0, 1]] },
      plan: { name: "fae" },
    }),
    /^Cannot tell hot inputs from cold ones: all 2 inputs have hot rows alone, which take 48 B; use a plan.hotMemoryMib below that/,
  );
});

Deno.test("windows that do not fit and shares that cannot be are refused with what to do", async () => {
  const refuses = (options: Partial<PlanOptions>, hot: number, message: RegExp) =>
    assert.throws(
      () => resolvePlan({ ...PLAN, ...options }, { hot, cold: 1, batch: 1 }, SHAPE, "keep"),
      (error) => error instanceof UserError && message.test(error.message),
    );
  refuses(
    { warmup: 5, window: 5 },
    10,
    /^Cannot look for stale rows: 5 hot minibatches of warm-up and 5 of the window leave nothing of the 10 hot .* use more data, a larger plan.profile or plan.hotMemoryMib, a smaller training.batch, plan.warmup or plan.window$/,
  );
  refuses(
    { mode: "artifact" },
    900,
    /^Cannot look for stale rows: 1000 hot minibatches of warm-up/,
  );
  refuses({}, 1, /^Cannot look for stale rows/);
  for (const drop of [0, 1, -0.1, 1.5, NaN]) {
    refuses({ drop }, 100, new RegExp(`^Cannot drop a share of ${drop} of the hot inputs: `));
  }
  refuses(
    { snapshots: 2, criterion: "net-over-path" },
    100,
    /plan.criterion net-over-path: .* at least 3$/,
  );
  refuses(
    { mode: "artifact", warmup: 1, window: 0.01, snapshots: 4 },
    100,
    /^Cannot take 4 snapshots/,
  );
  // Defaults fit whatever there is, from few hot minibatches on.
  for (let hot = 3; hot < 5000; hot = Math.ceil(hot * 1.4)) {
    const { layout } = resolvePlan(PLAN, { hot, cold: 1, batch: 1 }, SHAPE, "keep");
    const { warmup, window } = layout;
    assert.ok(warmup <= hot / 10 && window >= 1 && warmup + window < hot, `${hot}`);
  }
  const device = await openReferenceDevice();
  try {
    const run = lettersRun("XPSQR", false, { plan: { name: "fae", mode: "artifact" } });
    const model = toyModel(device, run);
    const options = toyOptions({ ...run, more: { epochs: 2 } }, []);
    await assert.rejects(
      train(model, arrayDataset(run.tableRows, run.inputs), options),
      /^UserError: Cannot run 2 epochs with plan.mode artifact: the original fails in its second one$/,
    );
    model.dispose();
  } finally {
    device.dispose();
  }
});
