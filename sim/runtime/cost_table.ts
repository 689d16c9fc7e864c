/**
 * Measured costs over a grid, and what is between and beyond the points.
 *
 * Between the points of an axis a cost is interpolated in a straight line, axis by axis. That is exact for what a kernel mostly
 * costs: a sum of products of its sizes, such as a launch + packing W (N·K) + multiplying (M·N·K) + storing Y (M·N). Beyond
 * the last point the last line goes on; below the first one the first line, no steeper than through the origin. Axes of
 * caches are logarithmic, and constant beyond their ends.
 *
 * @module
 */

/** One axis of a grid. */
export interface CostAxis {
  /** What varies. */
  readonly name: string;
  /** `linear`: in a straight line, on beyond the ends. `log`: in the logarithm, constant beyond the ends. */
  readonly scale: "linear" | "log";
  /** The points, ascending, above 0. */
  readonly at: readonly number[];
}

/** Costs measured over a grid. The first axis varies slowest. */
export interface CostTable {
  /** Of `value`. */
  readonly unit: "us" | "ns";
  /** None for a single number. */
  readonly axes: readonly CostAxis[];
  /** Medians, made monotone where more work cannot take less time. */
  readonly value: readonly number[];
  /** Lower end of the 95 % interval of each. */
  readonly low: readonly number[];
  /** Upper end of it. */
  readonly high: readonly number[];
  /** Always measured. */
  readonly kind: "measured";
  /** Command, date, processor, version. */
  readonly source: string;
}

/** The cost at a place, one coordinate an axis. */
export function costAt(
  { axes, value }: Pick<CostTable, "axes" | "value">,
  place: readonly number[],
): number {
  if (place.length !== axes.length) {
    throw new RangeError(`Cannot look a cost up: ${place.length} coordinates, ${axes.length} axes`);
  }
  const inside = (axis: number, offset: number): number => {
    if (axis === axes.length) return value[offset]!;
    const { at, scale } = axes[axis]!;
    return along(at, scale, place[axis]!, (i) => inside(axis + 1, offset * at.length + i));
  };
  return inside(0, 0);
}

/** Interpolates along one axis. */
function along(
  at: readonly number[],
  scale: CostAxis["scale"],
  x: number,
  value: (i: number) => number,
): number {
  const n = at.length;
  if (n === 1) return scale === "log" ? value(0) : value(0) * x / at[0]!;
  if (scale === "log") {
    if (x <= at[0]!) return value(0);
    if (x >= at[n - 1]!) return value(n - 1);
  }
  let i = 0;
  while (i + 2 < n && x > at[i + 1]!) i++;
  const left = value(i), right = value(i + 1);
  if (scale === "log") {
    const share = Math.log(x / at[i]!) / Math.log(at[i + 1]! / at[i]!);
    return left + share * (right - left);
  }
  const line = left + (right - left) * (x - at[i]!) / (at[i + 1]! - at[i]!);
  if (x > at[n - 1]!) return Math.max(right, line);
  // A line through noise may fall below 0 before it reaches 0.
  if (x < at[0]!) return Math.max(line, left * x / at[0]!);
  return line;
}

/**
 * The nearest table that does not fall along its linear axes: medians of noisy measurements may, though more work takes no
 * less time. Neighbours that fall are replaced by their mean (the pool-adjacent-violators algorithm in the logarithm), axis by
 * axis until nothing falls.
 */
export function monotone(
  { axes, value }: Pick<CostTable, "axes" | "value">,
): number[] {
  const result = [...value];
  for (let pass = 0; pass < 100; pass++) {
    let changed = false;
    let stride = result.length;
    for (const { at, scale } of axes) {
      const block = stride;
      stride /= at.length;
      if (scale === "log") continue;
      for (let base = 0; base < result.length; base += block) {
        for (let inner = 0; inner < stride; inner++) {
          if (pool(result, base + inner, stride, at.length)) changed = true;
        }
      }
    }
    if (!changed) break;
  }
  return result;
}

/** Pools one line of a grid; true if anything fell by more than rounding. */
function pool(values: number[], start: number, stride: number, length: number): boolean {
  const blocks: { sum: number; count: number }[] = [];
  let fell = false;
  for (let i = 0; i < length; i++) {
    // A cost of 0 has no logarithm.
    blocks.push({ sum: Math.log(Math.max(1e-9, values[start + i * stride]!)), count: 1 });
    for (;;) {
      const last = blocks.at(-1)!, before = blocks.at(-2);
      if (before === undefined || before.sum / before.count <= last.sum / last.count) break;
      if (before.sum / before.count > last.sum / last.count + 1e-9) fell = true;
      before.sum += last.sum;
      before.count += last.count;
      blocks.pop();
    }
  }
  if (!fell) return false;
  let i = 0;
  for (const { sum, count } of blocks) {
    for (let k = 0; k < count; k++, i++) {
      // What is by itself keeps its bits.
      if (count > 1) values[start + i * stride] = Math.exp(sum / count);
    }
  }
  return true;
}
