import { EXPERIMENTS } from "../../bench/registry.ts";
import { smoke } from "./bench.ts";

// Those of the default suite stand beside its own test.
for (const { name, suite } of EXPERIMENTS) {
  if (suite === "default") continue;
  Deno.test(`bench ${name} does its least and writes text, JSON, CSV and its place in the report`, async () => {
    await smoke(name);
  });
}
