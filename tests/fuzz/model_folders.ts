/** Folders of weights, one of their files changed: what loads is what was saved. */

import assert from "node:assert/strict";
import type { Optimizer } from "../../kernels/types.ts";
import { Dlrm } from "../../train/model/dlrm.ts";
import { readMatrix } from "../../train/model/matrices.ts";
import {
  loadWeights,
  MODEL_FILE,
  readSavedModel,
  saveWeights,
  STATE_FILE,
  WEIGHTS_FILE,
} from "../../train/weights/weights.ts";
import { openReferenceDevice } from "../kernels/reference_device.ts";
import { readWeights, SMALL_SHAPE } from "../train/model/dlrm_cases.ts";
import { changed } from "./documents.ts";
import { mutateBytes } from "./draw.ts";
import { scratchFolder } from "./scratch.ts";
import { type Subject, verdictOf } from "./subject.ts";

const folder = await scratchFolder();
const OPTIMIZER: Optimizer = { kind: "adagrad", eps: 1e-10 };
const device = await openReferenceDevice();

async function made(seed: number): Promise<Dlrm> {
  const model = new Dlrm(device, SMALL_SHAPE, { optimizer: OPTIMIZER, maxBatch: 1 });
  await model.initialise(seed);
  return model;
}

const { tableRows, dim, bottom, top } = SMALL_SHAPE;
const SAVED = await made(1);
await saveWeights(
  SAVED,
  { model: "dlrm", table_rows: tableRows, dim, bottom, top, optimizer: OPTIMIZER },
  folder,
);
const WEIGHTS = await readWeights(SAVED);
const MODEL = await made(2);
const FILES = [MODEL_FILE, STATE_FILE, WEIGHTS_FILE];
const WHOLE = FILES.map((name) => Deno.readFileSync(`${folder}/${name}`));
const { sha256: _, ...DOCUMENT } = JSON.parse(new TextDecoder().decode(WHOLE[0]));

/** Which file, and its bytes. */
export const MODEL_FOLDERS: readonly Subject[] = [{
  name: "model-folder",
  make: (draw) => {
    const which = draw.of([0, 0, 1, 2]);
    return new Uint8Array([
      which,
      ...which === 0 ? changed(DOCUMENT, draw) : mutateBytes(WHOLE[which]!, draw),
    ]);
  },
  check: async (input) => {
    const which = input[0]!;
    for (const [i, name] of FILES.entries()) {
      await Deno.writeFile(`${folder}/${name}`, i === which ? input.subarray(1) : WHOLE[i]!);
    }
    const shape = await verdictOf(async () => {
      const { table_rows, bottom, top } = await readSavedModel(folder);
      assert.ok([table_rows, bottom, top].flat().every((size) => Number.isInteger(size)));
    });
    const weights = await verdictOf(async () => {
      const withState = await loadWeights(MODEL, OPTIMIZER, folder);
      assert.deepEqual(await readWeights(MODEL), WEIGHTS);
      for (const { state } of withState ? MODEL.parameters : []) {
        const values = await readMatrix(device, state!);
        assert.ok(values.every((value) => value === 0), "state that was not saved");
      }
    });
    return shape === "accepted" && weights === "accepted" ? "accepted" : "refused";
  },
}];
