import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { openCheckpoints, readStoredRun } from "../../../train/checkpoint/checkpoints.ts";
import { flagOf } from "../../../train/command/flag_names.ts";
import { configurationOf } from "../../../train/run/configuration.ts";
import { resolveRun } from "../../../train/run/settings.ts";
import { train } from "../../../train/run/trainer.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { inFolder, namesIn } from "./checkpoint_cases.ts";
import { Faults } from "./faults.ts";
import { arrayDataset, lettersRun, toyModel, toyOptions } from "../plan/plan_cases.ts";

const RUN = lettersRun("X" + "PSQR".repeat(4), false, {
  plan: { name: "slipstream", warmup: 1, window: 2 },
});

/** Trains with a checkpoint after every minibatch, with a disk that is full when the one after `step` is saved. */
async function fullAt(folder: string, step: number, operation: number): Promise<unknown> {
  const device = await openReferenceDevice();
  const model = toyModel(device, RUN);
  try {
    await model.initialise(1);
    const dataset = arrayDataset(RUN.tableRows, RUN.inputs);
    const settings = resolveRun({ data: "synthetic", model: "rm2", checkpoints: { folder } });
    const { checkpoints } = settings;
    using store = await openCheckpoints(checkpoints, configurationOf(settings));
    const policy = store!.policy(model, dataset)!;
    await train(model, dataset, {
      ...toyOptions(RUN, []),
      trace: null,
      checkpoint: {
        every: 1,
        save: async (state) => {
          const at = (state.document as unknown as { step: number }).step;
          if (at < step) return await policy.save(state);
          using _ = new Faults(operation, "fails");
          await policy.save(state);
        },
      },
    });
    return null;
  } catch (error) {
    return error;
  } finally {
    model.dispose();
    device.dispose();
  }
}

Deno.test("a disk that fills up while a checkpoint is saved costs none that is there, and the error says what to do", () =>
  inFolder(async (folder) => {
    for (const operation of [1, 2, 4, 7]) {
      const path = `${folder}/${operation}`;
      const error = await fullAt(path, 4, operation);
      assert.ok(error instanceof UserError, String(error));
      assert.match(
        error.tell(flagOf),
        new RegExp(
          `^Cannot .*${path}/step-000000004.*: No space left on device; ` +
            `step-000000003 is whole: make room and go on from it by --resume ${path}$`,
        ),
      );
      assert.deepEqual(namesIn(path), ["checkpoints.lock", "step-000000002", "step-000000003"]);
      assert.equal((await readStoredRun(path)).step, 3);
    }
    const first = await fullAt(`${folder}/first`, 1, 4);
    assert.ok(first instanceof UserError, String(first));
    assert.match(
      first.tell(flagOf),
      /step-000000001.*: No space left on device; nothing of the run has been kept: make room, or choose another --checkpoint, and start again$/,
    );
  }));

Deno.test("a checkpoint that is none of a training run is refused", () =>
  inFolder(async (folder) => {
    const { CheckpointStore } = await import("../../../train/checkpoint/store.ts");
    const store = await CheckpointStore.open(folder);
    await store.save("a", { kind: "other" }, []);
    await assert.rejects(readStoredRun(folder), /a: it is no checkpoint of a training run$/);
    await store.save("b", { kind: "slipstream.train", version: 99 }, []);
    await assert.rejects(readStoredRun(folder), /b: it is of version 99, and 1 is needed$/);
  }));
