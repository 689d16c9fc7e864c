import assert from "node:assert/strict";
import { csvCell } from "../../core/csv.ts";

Deno.test("texts that begin like formulas are marked as texts, numbers and others are as they are", () => {
  for (const text of ["=1+1", "+cmd|' /C calc'!A0", "-x", "@SUM(A1)", "\t=1", "-", "-1e"]) {
    assert.equal(csvCell(text), `'${text}`);
  }
  for (const value of ["-1.5", "+2e-3", "-1e5", "rm2", "", "1-2", 5, null, true]) {
    assert.equal(csvCell(value), value);
  }
});
