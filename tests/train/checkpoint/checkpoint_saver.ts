/** A process that saves until it is killed: says `saving n` before its n-th save. Argument: the folder. */

import { CheckpointStore } from "../../../train/checkpoint/store.ts";
import { saveNumber } from "./checkpoint_cases.ts";

const store = await CheckpointStore.open(Deno.args[0]!);
for (let n = 1;; n++) {
  console.log(`saving ${n}`);
  await saveNumber(store, n, 4096);
}
