import { openSynthetic } from "../../data/synthetic.ts";
import { openTwin } from "../../data/twin/open.ts";
import { memoryDataset } from "../train/run/memory_dataset.ts";
import { checkReadAtOf } from "./read_at.ts";

const SPLITS = ["train", "test", "validation"] as const;

Deno.test("generated inputs at any positions are those that reading one by one gives", async () => {
  const dataset = openSynthetic({ inputs: 700, denseColumns: 2, tableRows: [5, 100, 1], seed: 3 });
  for (const split of SPLITS) await checkReadAtOf(dataset, split);
});

for (const twin of ["rm1", "rm2", "rm4"]) {
  Deno.test(`so are those of twin ${twin}, ids taken modulo a range or not`, async () => {
    for (const maxIndexRange of [0, 100]) {
      const dataset = await openTwin({ twin, inputs: 700, seed: 3, maxIndexRange });
      for (const split of SPLITS) await checkReadAtOf(dataset, split);
    }
  });
}

Deno.test("so are those of bags, and of ids that come and go with time", async () => {
  for (const options of [{ twin: "meta2021" }, { twin: "rm4", driftDays: 10 }]) {
    const dataset = await openTwin({ ...options, inputs: 700, seed: 3 });
    for (const split of SPLITS) await checkReadAtOf(dataset, split);
  }
});

Deno.test("so are those of the data set that tests of training use", async () => {
  const dataset = memoryDataset(200);
  for (const split of ["train", "test"] as const) await checkReadAtOf(dataset, split);
});
