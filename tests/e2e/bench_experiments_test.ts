import assert from "node:assert/strict";
import { EXPERIMENTS } from "../../bench/registry.ts";
import { smoke } from "./bench.ts";

/** Those that name no device: they measure code which uses none. */
const WITHOUT_DEVICE: ReadonlySet<string> = new Set(["hot", "prepare"]);

// Those of the default suite stand beside its own test, and so does the one that asks of a log.
for (const { name, suite } of EXPERIMENTS) {
  if (suite === "default" || name === "worth") continue;
  Deno.test(`bench ${name} does its least and writes text, JSON, CSV and its place in the report`, async () => {
    const { device, tables } = await smoke(name);
    // Without PyTorch the peers measure nothing.
    if (tables.length > 0) assert.equal(device === null, WITHOUT_DEVICE.has(name));
  });
}
