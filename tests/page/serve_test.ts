/** The page's server gives out the page's files, and no other. */

import assert from "node:assert/strict";
import { pageFile } from "../../page/build/serve.ts";
import { inFolder } from "../data/rows.ts";

Deno.test("pageFile() gives out three files with their types, and no other of the folder or above it", () =>
  inFolder(async (folder) => {
    for (const name of ["index.html", "page.css", "page.js", "other.json"]) {
      await Deno.writeTextFile(`${folder}/${name}`, name);
    }
    const seen = async (path: string): Promise<readonly [number, string | null, string]> => {
      const response = await pageFile(folder, path);
      return [response.status, response.headers.get("content-type"), await response.text()];
    };
    assert.deepEqual(await seen("/"), [200, "text/html; charset=utf-8", "index.html"]);
    assert.deepEqual(await seen("/page.js"), [200, "text/javascript; charset=utf-8", "page.js"]);
    assert.deepEqual(await seen("/page.css"), [200, "text/css; charset=utf-8", "page.css"]);
    for (const path of ["/other.json", "/../page.js", "/constructor", "//page.js", "/%2e%2e/x"]) {
      assert.equal((await seen(path))[0], 404, path);
    }
  }));
