import assert from "node:assert/strict";
import { foldGrid } from "../../kernels/webgpu/grid.ts";

Deno.test("foldGrid() covers the workgroups within the limit, with as few dimensions as will do", () => {
  for (const limit of [1, 2, 7, 65535]) {
    for (const groups of [0, 1, 2, 3, 7, 8, 49, 50, 343, 65535, 65536, 2 ** 31, 2 ** 32 - 1]) {
      if (groups > limit ** 3) {
        assert.throws(() => foldGrid(groups, limit), RangeError);
        continue;
      }
      const [x, y, z] = foldGrid(groups, limit);
      assert.ok(Math.max(x, y, z) <= limit);
      assert.ok(x * y * z >= groups);
      if (groups <= limit) assert.deepEqual([x, y, z], [groups, 1, 1]);
      else if (groups <= limit ** 2) assert.equal(z, 1);
    }
  }
});
