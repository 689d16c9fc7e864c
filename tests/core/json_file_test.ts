import assert from "node:assert/strict";
import {
  formatSealed,
  type JsonFileOptions,
  readBounded,
  readJsonFile,
} from "../../core/json_file.ts";

const OPTIONS: JsonFileOptions = { cannot: "Cannot use it", mostBytes: 1000, seal: "required" };

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refusal = (message: RegExp) => ({ name: "UserError", message });

Deno.test("a sealed document is JSON that others read, and comes back without its seal", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.json`;
    for (const indent of [0, 2]) {
      const text = formatSealed({ name: "é", list: [1, { a: null }] }, indent);
      assert.match(text, /,\n {2}"sha256": "[0-9a-f]{64}"\n\}\n$/);
      const { sha256: _, ...plain } = JSON.parse(text);
      await Deno.writeTextFile(path, text);
      assert.deepEqual(await readJsonFile(path, OPTIONS), plain);
    }
  }));

Deno.test("no byte of a sealed document can change unseen", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.json`;
    const bytes = new TextEncoder().encode(formatSealed({ auc: 0.75, "sha": "é" }));
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        await Deno.writeFile(path, damaged);
        await assert.rejects(readJsonFile(path, OPTIONS), refusal(/^Cannot use it: it /));
      }
      await Deno.writeFile(path, bytes.subarray(0, at));
      await assert.rejects(readJsonFile(path, OPTIONS), refusal(/^Cannot use it: it /));
    }
    await Deno.writeTextFile(path, formatSealed({ auc: 0.75 }).replace("0.75", "0.99"));
    await assert.rejects(
      readJsonFile(path, { ...OPTIONS, otherwise: "; run it again" }),
      refusal(/^Cannot use it: it was changed after it was written; run it again$/),
    );
  }));

Deno.test("a file that a person may write needs no seal", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.json`;
    await Deno.writeTextFile(path, '{"auc": 1}');
    assert.deepEqual(await readJsonFile(path, { ...OPTIONS, seal: "optional" }), { auc: 1 });
    await assert.rejects(readJsonFile(path, OPTIONS), refusal(/it ends without a checksum, so it/));
  }));

Deno.test("what is no JSON, no text, not there or too large is one error each", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.json`;
    const refused = async (bytes: Uint8Array, message: RegExp) => {
      await Deno.writeFile(path, bytes);
      await assert.rejects(readJsonFile(path, OPTIONS), refusal(message));
    };
    await refused(new Uint8Array(0), /^Cannot use it: it is not JSON, or cut short \(/);
    await refused(
      new TextEncoder().encode('{"a": \u001b[2J'),
      /^Cannot use it: it is not JSON, or cut short \(.*\\u001b/,
    );
    await refused(Uint8Array.of(0xff, 0xfe), /^Cannot use it: it is not UTF-8 text/);
    await refused(new Uint8Array(1001), /^Cannot read .*a\.json: it has more than 1\.00 kB, which/);
    await assert.rejects(readJsonFile(`${folder}/b.json`, OPTIONS), refusal(/No such file/));
    await assert.rejects(readJsonFile(folder, OPTIONS), refusal(/^Cannot read /));
  }));

Deno.test("a pipe without an end is read up to the size", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await assert.rejects(readBounded("/dev/zero", 100_000), refusal(/it has more than 100 kB/));
});
