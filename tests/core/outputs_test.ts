import assert from "node:assert/strict";
import { UsageError } from "../../core/errors.ts";
import { checkOutputFile, checkOutputFolder, claimOutputs } from "../../core/outputs.ts";
import { inFolder } from "../data/rows.ts";

function refuses(body: () => void, message: string): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, message);
    return true;
  });
}

Deno.test("checkOutputFile() and checkOutputFolder() refuse places that cannot be written", () =>
  inFolder(async (folder) => {
    const file = `${folder}/file`;
    await Deno.writeTextFile(file, "");
    checkOutputFile("--json", null);
    checkOutputFile("--json", file);
    checkOutputFile("--json", `${folder}/new`);
    checkOutputFolder("--save", null);
    checkOutputFolder("--save", folder);
    checkOutputFolder("--save", `${folder}/new`);
    refuses(
      () => checkOutputFile("--json", folder),
      `Cannot use --json ${folder}: it is a folder`,
    );
    refuses(
      () => checkOutputFolder("--save", file),
      `Cannot use --save ${file}: it is not a folder`,
    );
    for (const check of [checkOutputFile, checkOutputFolder]) {
      refuses(() => check("--x", `${file}/b`), `Cannot use --x ${file}/b: ${file} is not a folder`);
      assert.throws(() => check("--x", `${file}/a/b`), {
        name: "UserError",
        message: new RegExp(`^Cannot use --x ${file}/a/b: ${file}/a cannot be made \\(.+\\)$`),
      });
    }
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["file"]);
  }));

Deno.test("checkOutputFile() and checkOutputFolder() make the folders above, and nothing else", () =>
  inFolder(async (folder) => {
    checkOutputFile("--json", `${folder}/a/b/out.json`);
    checkOutputFolder("--save", `${folder}/c/weights`);
    assert.deepEqual(Array.from(Deno.readDirSync(`${folder}/a/b`)), []);
    assert.deepEqual(Array.from(Deno.readDirSync(`${folder}/c`)), []);
    await Promise.resolve();
  }));

Deno.test("claimOutputs() gives standard output to one file at most", () => {
  claimOutputs({ "--json": null, "--csv": undefined });
  refuses(
    () => claimOutputs({ "--json": "-", "--csv": "-" }),
    "Cannot use --csv -: --json has standard output already",
  );
});
