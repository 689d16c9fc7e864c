/**
 * The interface of a training system: how it turns a minibatch into tasks on resources.
 *
 * @module
 */

import type { Context } from "./context.ts";
import type { GraphBuilder } from "./graph.ts";
import type { Work, WorkClass, Workload } from "./work.ts";

/** Something that happens a number of times in addition to the minibatches: a copy of the hot rows, a search. */
export interface Extra {
  /** Name for tables. */
  readonly label: string;
  /** How often, all epochs. */
  readonly times: number;
  /** Appends the tasks of one. */
  build(graph: GraphBuilder): void;
}

/** A training system. Adding one is a file with such an object and a line in `systems/mod.ts`. */
export interface System {
  /** What flags call it. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Whether the trace has to distinguish hot inputs from cold ones. */
  readonly needsHot: boolean;
  /** Whether it skips inputs of stale rows. */
  readonly skips: boolean;
  /** Whether all embedding rows have to fit the GPUs' memory. */
  readonly rowsOnGpus: boolean;
  /** Minibatches of a workload, all epochs. */
  minibatches(workload: Workload, context: Context): readonly WorkClass[];
  /**
   * The part of a minibatch that `minibatch` uses; by default all of it. Minibatches with equal parts are simulated only
   * once, so a system is simulated faster if this leaves out what it does not use.
   */
  sees?(work: Work): Work;
  /** Appends the tasks of one minibatch. */
  minibatch(work: Work, context: Context, graph: GraphBuilder): void;
  /** What happens in addition to the minibatches, all epochs. */
  extras(workload: Workload, context: Context): readonly Extra[];
}
