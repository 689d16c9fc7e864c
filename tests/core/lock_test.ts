import assert from "node:assert/strict";
import { tryLock } from "../../core/lock.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a lock keeps others out until it is given back, shared ones let in their kind", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.lock`;
    const alone = await tryLock(path);
    assert.equal(await tryLock(path), null);
    assert.equal(await tryLock(path, false), null);
    alone![Symbol.dispose]();
    using one = await tryLock(path, false);
    using two = await tryLock(path, false);
    assert.ok(one !== null && two !== null);
    assert.equal(await tryLock(path), null);
  }));

Deno.test("a file system without locks is one clear refusal", async () => {
  let closed = 0;
  const without = () =>
    Promise.resolve({
      tryLock: () => Promise.reject(new Error("Function not implemented (os error 38)")),
      close: () => closed++,
    });
  await assert.rejects(tryLock("/lustre/a.lock", true, without), {
    name: "UserError",
    message:
      "Cannot lock /lustre/a.lock: its file system has no locks between processes (Function not implemented); choose a folder on another one, such as a local disk, or mount it with locks (Lustre: -o flock)",
  });
  assert.equal(closed, 1);
});

Deno.test("a lock where no file can be made is one clear refusal", () =>
  inFolder(async (folder) => {
    await assert.rejects(tryLock(`${folder}/none/a.lock`), /^UserError: Cannot write to .*none/);
  }));
