import assert from "node:assert/strict";
import { studentCdf, studentQuantile } from "../../core/student.ts";

const near = (a: number, b: number, within: number): void =>
  assert.ok(Math.abs(a - b) <= within, `${a}, ${b}`);

Deno.test("studentCdf() is Cauchy's for one degree of freedom, and the closed form for two and four", () => {
  for (const t of [-40, -2.5, -0.3, 0, 0.01, 1, 6.3, 300]) {
    near(studentCdf(t, 1), 0.5 + Math.atan(t) / Math.PI, 1e-14);
    const u = t / Math.sqrt(2 + t * t);
    near(studentCdf(t, 2), 0.5 + u / 2, 1e-14);
    const s = t / Math.sqrt(4 + t * t);
    near(studentCdf(t, 4), 0.5 + 0.75 * s * (1 - s * s / 3), 1e-14);
  }
});

Deno.test("studentQuantile() gives the tables' values, and is undone by studentCdf()", () => {
  for (
    const [p, degrees, value] of [
      [0.975, 1, 12.706],
      [0.975, 4, 2.776],
      [0.975, 30, 2.042],
      [0.95, 2, 2.92],
      [0.8, 4, 0.941],
      [0.2, 4, -0.941],
      [0.995, 10, 3.169],
      [0.975, 1e6, 1.96],
    ] as const
  ) {
    near(studentQuantile(p, degrees), value, 5e-4);
  }
  for (const degrees of [0.7, 1, 2.5, 9, 400]) {
    for (const p of [1e-4, 0.3, 0.5, 0.8, 0.999]) {
      near(studentCdf(studentQuantile(p, degrees), degrees), p, 1e-13);
    }
  }
  assert.throws(() => studentQuantile(1, 3), RangeError);
  assert.throws(() => studentCdf(1, 0), RangeError);
});
