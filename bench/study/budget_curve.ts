/**
 * What training on less comes to: the values that a plan reaches with a part of its inputs, between which anything is read off.
 *
 * @module
 */

/** One run of the plan. */
export interface BudgetPoint {
  /** Inputs, or time. */
  readonly cost: number;
  /** Higher is better. */
  readonly value: number;
}

/** A cost that is found on a curve, or that lies outside of it. */
export type FoundCost = { readonly cost: number } | "below" | "above";

/** Values by cost, on straight lines from one point to the next. */
export class BudgetCurve {
  readonly #points: readonly BudgetPoint[];

  /** @param points At least one, in any order, each at a cost of its own. */
  constructor(points: readonly BudgetPoint[]) {
    if (points.length === 0) throw new RangeError("Cannot draw a curve: it has no points");
    this.#points = points.toSorted((a, b) => a.cost - b.cost);
  }

  /** The most expensive point: the plan on all of its inputs. */
  get whole(): BudgetPoint {
    return this.#points.at(-1)!;
  }

  /**
   * The value at a cost. Beyond the most expensive point there is nothing left to train, so that its value stays; null below
   * the cheapest one, since nothing is said of smaller budgets.
   */
  at(cost: number): number | null {
    const points = this.#points;
    if (cost < points[0]!.cost) return null;
    const next = points.findIndex((point) => point.cost > cost);
    if (next < 0) return this.whole.value;
    const a = points[next - 1]!, b = points[next]!;
    return a.value + (b.value - a.value) * (cost - a.cost) / (b.cost - a.cost);
  }

  /** The least cost at which a value is reached; `below` where the cheapest point has it already, `above` where none has. */
  costOf(value: number): FoundCost {
    const points = this.#points;
    const first = points.findIndex((point) => point.value >= value);
    if (first === 0) return points[0]!.value === value ? { cost: points[0]!.cost } : "below";
    if (first < 0) return "above";
    const a = points[first - 1]!, b = points[first]!;
    return { cost: a.cost + (b.cost - a.cost) * (value - a.value) / (b.value - a.value) };
  }
}
