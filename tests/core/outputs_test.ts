import assert from "node:assert/strict";
import { UsageError } from "../../core/errors.ts";
import { checkOutputFile, checkOutputFolder } from "../../core/outputs.ts";

Deno.test("checkOutputFile() and checkOutputFolder() refuse places that cannot be written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/file`;
    await Deno.writeTextFile(file, "");
    checkOutputFile("--json", null);
    checkOutputFile("--json", file);
    checkOutputFile("--json", `${folder}/new`);
    checkOutputFolder("--save", null);
    checkOutputFolder("--save", folder);
    checkOutputFolder("--save", `${folder}/new`);
    const refuses = (body: () => void, message: string): void => {
      assert.throws(body, (error) => {
        assert.ok(error instanceof UsageError);
        assert.equal(error.message, message);
        return true;
      });
    };
    refuses(
      () => checkOutputFile("--json", folder),
      `Cannot use --json ${folder}: it is a folder`,
    );
    refuses(
      () => checkOutputFolder("--save", file),
      `Cannot use --save ${file}: it is not a folder`,
    );
    for (const check of [checkOutputFile, checkOutputFolder]) {
      refuses(
        () => check("--x", `${folder}/a/b`),
        `Cannot use --x ${folder}/a/b: ${folder}/a is not a folder`,
      );
      refuses(() => check("--x", `${file}/b`), `Cannot use --x ${file}/b: ${file} is not a folder`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
