/** A worker that does what the tests of `WorkerPool` ask. */

import { UsageError } from "../../core/errors.ts";
import { serveTasks } from "../../core/serve_tasks.ts";

export type ToyTask =
  | { readonly kind: "square"; readonly of: number }
  | { readonly kind: "claim"; readonly cursor: SharedArrayBuffer }
  | { readonly kind: "refuse" | "throw" | "never" };

export interface ToyAnswer {
  readonly value: number;
}

serveTasks((task: ToyTask): ToyAnswer | Promise<ToyAnswer> => {
  if (task.kind === "square") return { value: task.of ** 2 };
  if (task.kind === "claim") return { value: Atomics.add(new Int32Array(task.cursor), 0, 1) };
  if (task.kind === "refuse") throw new UsageError("Cannot do it: a test says so");
  if (task.kind === "throw") throw new Error("out of order");
  return new Promise(() => {});
});
