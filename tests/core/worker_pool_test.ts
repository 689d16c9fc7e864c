import assert from "node:assert/strict";
import { UsageError, UserError } from "../../core/errors.ts";
import { WorkerPool } from "../../core/worker_pool.ts";
import type { ToyAnswer, ToyTask } from "./toy_worker.ts";

const MODULE = new URL("./toy_worker.ts", import.meta.url);
const open = (threads: number, signal?: AbortSignal) =>
  new WorkerPool<ToyTask, ToyAnswer>(MODULE, { threads, signal });

Deno.test("tasks are answered in their order, whatever the workers", async () => {
  const tasks: ToyTask[] = Array.from({ length: 20 }, (_, i) => ({ kind: "square", of: i }));
  for (const threads of [1, 3, 30]) {
    using pool = open(threads);
    const done: number[] = [];
    const answers = await pool.each(tasks, (n) => done.push(n));
    assert.deepEqual(answers.map(({ value }) => value), tasks.map((_, i) => i * i));
    assert.deepEqual(done, tasks.map((_, i) => i + 1));
  }
});

Deno.test("a task for all is done by every worker", async () => {
  using pool = open(3);
  const cursor = new SharedArrayBuffer(4);
  const answers = await pool.all({ kind: "claim", cursor });
  assert.deepEqual(answers.map(({ value }) => value).sort(), [0, 1, 2]);
  assert.equal((await pool.each([{ kind: "square", of: 5 }]))[0]!.value, 25);
});

Deno.test("what a worker refuses keeps its message and status, what it throws its message", async () => {
  using refusing = open(2);
  await assert.rejects(
    refusing.each([{ kind: "refuse" }]),
    (error) => error instanceof UsageError && /^Cannot do it/.test(error.message),
  );
  using failing = open(1);
  await assert.rejects(
    failing.all({ kind: "throw" }),
    (error) => !(error instanceof UserError) && /out of order/.test(String(error)),
  );
});

Deno.test("the signal's reason ends it, before and in the middle", async () => {
  const reason = new Error("enough");
  assert.throws(() => open(1, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  using pool = open(1, controller.signal);
  const never = pool.all({ kind: "never" });
  controller.abort(reason);
  await assert.rejects(never, reason);
});
