/** Workgroups along x, y and z. */
export type Grid = readonly [number, number, number];

/**
 * Folds a number of workgroups into a grid with no dimension above `limit`; the kernels number them back with
 * `linear_group` of grid.wgsl and ignore the surplus.
 */
export function foldGrid(groups: number, limit: number): Grid {
  if (groups <= limit) return [groups, 1, 1];
  const y = Math.ceil(groups / limit);
  if (y <= limit) return [limit, y, 1];
  const z = Math.ceil(y / limit);
  if (z > limit || groups >= 2 ** 32) {
    throw new RangeError(
      `Cannot launch ${groups} workgroups: the adapter allows ${limit} in each of 3 dimensions`,
    );
  }
  return [limit, limit, z];
}
