import assert from "node:assert/strict";
import { fuzzLogs } from "./logs.ts";

Deno.test("changed logs are read as a slow reader reads them, or refused where it does", () => {
  const { cases, rows, refused } = fuzzLogs({ seed: 1, cases: 4000 });
  assert.equal(cases, 4000);
  // Enough of both kinds comes up for the comparison to mean something.
  assert.ok(rows > 8000 && refused > 2000, `${rows} rows, ${refused} lines refused`);
});
