import assert from "node:assert/strict";
import { writeFiles } from "../../sim/commands/files.ts";
import { inFolder } from "../data/rows.ts";

Deno.test("files are written all, or none where a signal comes while they are made", () =>
  inFolder(async (folder) => {
    const controller = new AbortController(), reason = new Error("enough");
    const files = (last: () => string) =>
      [[`${folder}/a`, () => "1"], [null, () => assert.fail()], [`${folder}/b`, last]] as const;
    await assert.rejects(
      writeFiles(
        controller.signal,
        files(() => {
          controller.abort(reason);
          return "2";
        }),
      ),
      reason,
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await writeFiles(new AbortController().signal, files(() => "2"));
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["a", "b"]);
  }));
