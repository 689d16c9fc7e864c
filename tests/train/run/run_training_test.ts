import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { flagOf } from "../../../train/command/flag_names.ts";
import { parseTrainOptions } from "../../../train/command/parse.ts";
import { runTraining } from "../../../train/run/run_training.ts";

async function run(...flags: string[]): Promise<unknown> {
  const line = parseTrainOptions(["--device", "cpu", ...flags]);
  assert.ok(line.kind === "train");
  return await runTraining(line.settings);
}

Deno.test("runTraining() says what the device cannot hold and what to make smaller", async () => {
  await assert.rejects(
    run("--data", "synthetic:100", "--threads", "1", "--batch", "1048576"),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(
        error.message,
        /^Cannot allocate \d+ bytes for .*; try a smaller training.batch, evaluation.batch or/,
      );
      assert.match(error.tell(flagOf), /; try a smaller --batch, --test-batch or --tables$/);
      return true;
    },
  );
});

Deno.test("no number of threads passes the command line that the device refuses", () => {
  assert.throws(() => parseTrainOptions(["--data", "synthetic", "--threads", "257"]), {
    name: "UserError",
    message: "Cannot use --threads 257: it must be at most 256",
  });
});

Deno.test("runTraining() looks at the folder to start from before it prepares data", async () => {
  await assert.rejects(run("--data", "no-such-file", "--init", "no-such-folder"), {
    name: "UserError",
    message: /^Cannot read no-such-folder.model\.safetensors: /,
  });
});
