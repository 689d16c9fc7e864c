import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import type { Optimizer } from "../../../kernels/types.ts";
import { CRITERIA, type Criterion, rowScores } from "../../../train/plan/criterion.ts";
import { loadCriterion } from "../../../train/plan/criterion_file.ts";
import { train } from "../../../train/run/trainer.ts";
import { inFolder } from "../../data/rows.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { arrayDataset, drawnRun, hotSetOf, runToy, toyModel, toyOptions } from "./plan_cases.ts";

const OPTIMIZERS: readonly Optimizer[] = [
  { kind: "adagrad", eps: 1e-10 },
  { kind: "rowwise-adagrad", eps: 1e-10 },
  { kind: "sgd" },
];

for (const placement of ["device", "hybrid", "hot"] as const) {
  Deno.test(`${placement}: a criterion is told a row's norm and its optimizer's sum as they are at the decision`, async () => {
    for (const optimizer of OPTIMIZERS) {
      const told: { norm: number; adagradSum: number | null; accesses: number }[] = [];
      const criterion: Criterion = {
        name: "noting",
        reads: ["norm", "adagradSum"],
        score({ norm, adagradSum, accesses }) {
          told.push({ norm, adagradSum, accesses });
          return 1;
        },
      };
      const run = drawnRun(false, 120, {
        plan: { name: "slipstream", warmup: 1, window: 4, criterion },
        placement,
        optimizer,
        more: { batch: 4 },
      });
      const cold = run.inputs.filter((ids) => !ids.every((id, t) => run.hot[t]!.includes(id)));
      const device = await openReferenceDevice();
      try {
        const model = toyModel(device, run);
        await model.initialise(3);
        // The run ends with the window, so that its rows are then as the criterion saw them.
        const options = { ...toyOptions(run, []), maxSteps: Math.ceil(cold.length / 4) + 5 };
        const { plan } = await train(model, arrayDataset(run.tableRows, run.inputs), options);
        assert.equal(plan.decisions.length, 1);
        const { tables } = model;
        const flat = hotSetOf(run.tableRows, run.hot).rows.flatRows();
        const touched = plan.decisions[0]!.tables.reduce((sum, table) => sum + table.touched, 0);
        assert.equal(told.length, touched, "rows that were looked up, and no others");
        assert.equal(touched, flat.length, "the test's window looks up every hot row");
        for (const [h, row] of flat.entries()) {
          const values = await tables.readRows(row, 1), state = await tables.readState(row, 1);
          const norm = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
          assert.ok(Math.abs(told[h]!.norm - norm) < 1e-6 * norm, `${told[h]!.norm}, not ${norm}`);
          const sum = told[h]!.adagradSum;
          if (optimizer.kind === "sgd") assert.equal(sum, null);
          else {
            const mean = state.reduce((all, v) => all + v, 0) / state.length;
            assert.ok(mean > 0 && Math.abs(sum! - mean) < 1e-6 * mean, `${sum}, not ${mean}`);
          }
        }
        model.dispose();
      } finally {
        device.dispose();
      }
    }
  });
}

Deno.test("a criterion of one's own decides as a built-in one that scores alike", async () => {
  const drawn = (criterion: Criterion | "net-over-path") =>
    runToy(drawnRun(false, 160, {
      plan: { name: "slipstream", warmup: 1, window: 6, wakeEvery: 3, criterion },
      placement: "hot",
      more: { batch: 4 },
    }));
  const built = await drawn("net-over-path");
  const { score, defaultCombine, snapshots } = CRITERIA["net-over-path"];
  const own = await drawn({ name: "mine", score, defaultCombine, snapshots });
  const { decisions, options } = own.result.plan;
  assert.ok(decisions.length > 1);
  const untimed = (document: typeof decisions) =>
    document.map((decision) => ({ ...decision, snapshot_ms: 0, search_ms: 0, classify_ms: 0 }));
  assert.deepEqual(untimed(decisions), untimed(built.result.plan.decisions));
  assert.deepEqual(own.numbers, built.numbers);
  assert.deepEqual(options, { ...built.result.plan.options, criterion: "mine" });
});

Deno.test("scores that are none, and numbers that are not asked for, are refused", () => {
  const changes = { net: Float32Array.of(0.5), path: Float32Array.of(0.5), snapshots: 2 };
  const of = (score: Criterion["score"]) =>
    rowScores(changes, Uint32Array.of(3), {
      criterion: { name: "mine", score },
      change: "ends",
      untouched: "unknown",
    });
  for (const wrong of [NaN, -1, -Infinity]) {
    assert.throws(
      () => of(() => wrong),
      (error) =>
        error instanceof UserError &&
        error.message ===
          `Cannot use criterion mine: it gives ${wrong} for a row that changed by 0.5 in 3 accesses, and a score must be a number from 0 up`,
    );
  }
  assert.deepEqual([...of(() => Infinity)], [3.4028234663852886e38], "never stale");
  assert.throws(
    () => of(({ norm }) => norm),
    /^UserError: Cannot use criterion mine: it looks at norm and does not name it in reads$/,
  );
});

Deno.test("a criterion comes from a file, with the hash of its text; one that has changed is refused", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mine.ts`;
    const load = async (text: string, sha256?: string) => {
      await Deno.writeTextFile(file, text);
      return await loadCriterion(sha256 === undefined ? { file } : { file, sha256 }) as Criterion;
    };
    const text = `export default { name: "mine", score: (row) => 2 * row.path };`;
    const found = await load(text);
    assert.equal(found.score({ path: 3 } as Parameters<Criterion["score"]>[0]), 6);
    assert.match(found.sha256!, /^[0-9a-f]{64}$/);
    assert.equal((await load(text, found.sha256)).name, "mine");
    const refuses = (text: string, message: RegExp, sha256?: string) =>
      assert.rejects(
        load(text, sha256),
        (error) => error instanceof UserError && message.test(error.message),
      );
    await refuses(`${text} `, /mine\.ts: it has changed since the run began/, found.sha256);
    await refuses("export const other = 1;", /^Cannot use criterion .*: it exports no object by/);
    await refuses(
      `export default { name: "mine" };`,
      /its criterion has no function score\(row\)$/,
    );
    await refuses(
      `export default { name: "a b", score: () => 0 };`,
      /its name is "a b", which must be of letters, digits and hyphens$/,
    );
    await refuses(
      `export default { name: "paper", score: () => 0 };`,
      /its name, paper, is that of a built-in criterion$/,
    );
    await refuses(
      `export default { name: "mine", score: () => 0, defaultCombine: "min" };`,
      /its defaultCombine is min, which must be one of nth-smallest, max, mean$/,
    );
    await refuses("export default {", /^Cannot import criterion .*mine\.ts: /);
    await assert.rejects(
      loadCriterion({ file: `${folder}/none.ts` }),
      /^UserError: Cannot read .*none\.ts: /,
    );
  }));
