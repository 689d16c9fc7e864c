import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { fileError, Sha256, WholeFile, writeFileWhole } from "../../core/files.ts";

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) found.push(entry.name);
  return found.sort();
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file written whole replaces the old one and leaves nothing else", () =>
  inFolder(async (folder) => {
    await writeFileWhole(`${folder}/a`, "first");
    await writeFileWhole(`${folder}/a`, new TextEncoder().encode("second"));
    assert.equal(await Deno.readTextFile(`${folder}/a`), "second");
    assert.deepEqual(await names(folder), ["a"]);
  }));

Deno.test("an interrupted write leaves the old file and no temporary one", () =>
  inFolder(async (folder) => {
    await writeFileWhole(`${folder}/a`, "old");
    await assert.rejects(async () => {
      await using file = await WholeFile.create(`${folder}/a`);
      await file.write(new Uint8Array(1000));
      assert.equal((await names(folder)).length, 2);
      throw new Error("interrupted");
    }, /interrupted/);
    assert.equal(await Deno.readTextFile(`${folder}/a`), "old");
    assert.deepEqual(await names(folder), ["a"]);
  }));

Deno.test("a rename that fails says so and cleans up", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken`);
    await assert.rejects(writeFileWhole(`${folder}/taken`, "x"), UserError);
    assert.deepEqual(await names(folder), ["taken"]);
  }));

Deno.test("what the system says becomes one sentence", async () => {
  await assert.rejects(
    writeFileWhole("/nowhere/at/all", "x"),
    new UserError("Cannot write /nowhere/at/all: No such file or directory"),
  );
  const full = Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
  assert.deepEqual(
    fileError("write", "a.bin", full),
    new UserError("Cannot write a.bin: No space left on device"),
  );
  const defect = new TypeError("x is not a function");
  assert.equal(fileError("write", "a.bin", defect), defect);
});

Deno.test("SHA-256 in pieces is SHA-256", () => {
  assert.equal(
    new Sha256().update("a").update(new TextEncoder().encode("bc")).hex(),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
