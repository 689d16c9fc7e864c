import assert from "node:assert/strict";
import { parseTrainOptions } from "../../../train/command/parse.ts";
import type { RunSettings } from "../../../train/run/options.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { inFolder } from "../../data/rows.ts";

function settings(args: string): RunSettings {
  const parsed = parseTrainOptions(args.split(" "));
  assert.ok(parsed.kind === "train");
  return parsed.settings;
}

Deno.test("the model is the twin's unless another is asked for", () =>
  inFolder(async (folder) => {
    assert.equal(settings("--data twin:rm4").model.preset, "rm4");
    assert.equal(settings("--data twin:rm3:1000").training.batch, 2048);
    assert.equal(settings("--data twin:rm4 --model rm2").model.preset, "rm2");
    const path = `${folder}/fitted.json`;
    await Deno.writeTextFile(path, `{"name": "rm4"}`);
    assert.equal(settings(`--data twin:${path}`).model.preset, "rm4");
    await Deno.writeTextFile(path, `{"name": "of my own"}`);
    assert.equal(settings(`--data twin:${path}`).model.preset, "rm2");
    assert.equal(settings(`--data twin:${folder}/absent.json`).model.preset, "rm2");
  }));

const CASES = [
  // Tables of full size for two, and folded ones for the largest.
  ["rm2", "13-16-4", "", 0.6],
  ["rm3", "13-16-2", "--max-ind-range 100000", 0],
  ["rm4", "1-16-4", "", 0.6],
] as const;
for (const [twin, bottom, more, auc] of CASES) {
  Deno.test(`a small model of ${twin} trains on its twin`, async () => {
    const result = await runTraining(settings(
      `--data twin:${twin}:14000 --device cpu --threads 2 --batch 64 --optimizer adagrad --lr 0.02 ` +
        `--embedding-dim ${bottom.split("-").at(-1)} --bottom ${bottom} --top 16-1 ${more}`
          .trimEnd(),
    ));
    const { metrics } = result.evaluations.at(-1)!;
    assert.equal(metrics.count, 1000);
    // Clicks of the third are too rare for so few inputs to teach anything.
    assert.ok(metrics.auc! > auc, `AUC ${metrics.auc}`);
    assert.ok(metrics.logloss! < 1);
  });
}
