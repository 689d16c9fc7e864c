/** Dependencies point one way, between rooms and between files. */

import assert from "node:assert/strict";
import { circlesOf, importsOf, readModules, type Room, ROOMS, withoutComments } from "./modules.ts";
import { ROOT } from "./page.ts";

/** From which other rooms each may take what, as docs/architecture.md says; types and what is loaded later count as well. */
const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  core: [],
  figures: ["core"],
  kernels: ["core"],
  data: ["core"],
  train: ["core", "figures", "kernels", "data"],
  sim: ["core", "figures", "kernels", "data", "train"],
  bench: ["core", "figures", "kernels", "data", "train", "sim"],
  page: ["core", "figures", "kernels", "data", "train", "sim", "bench"],
};

/** What runs the trainer to compare with it. */
const RUNS_TRAINER = /^sim\/(calibrate|validate)\//;
/** The loop and what starts it. */
const LOOP = /^train\/(run\/(trainer|session)|command\/.*)\.ts$/;

/** A use of Deno that handles files, or a permission; the other few ask before whether this is Deno. */
const FILE_FUNCTION =
  /\bDeno\.(errors|make\w+|mkdir|open\w*|read\w+|remove\w*|rename|stat\w*|write\w+|permissions)\b/g;

const MODULES = readModules();

Deno.test("no modules import each other's values in a circle", () => {
  const graph = new Map(
    [...MODULES].map(([path, imports]) => [
      path,
      imports.filter(({ kind }) => kind === "value").map(({ to }) => to),
    ]),
  );
  assert.deepEqual(circlesOf(graph).map((circle) => circle.join(" ")), []);
});

Deno.test("rooms import from those below them alone", () => {
  const wrong = [...MODULES].flatMap(([path, imports]) => {
    const room = ROOMS.find((name) => path.startsWith(`${name}/`));
    if (room === undefined) return [];
    const allowed: readonly string[] = [room, ...MAY_IMPORT[room]];
    return imports.filter(({ to }) => !allowed.includes(to.split("/")[0]!))
      .map(({ to }) => `${path} imports ${to}`);
  });
  assert.deepEqual(wrong, []);
});

Deno.test("the simulator takes the training loop only where it runs it to compare", () => {
  const wrong = [...MODULES].flatMap(([path, imports]) =>
    path.startsWith("sim/") && !RUNS_TRAINER.test(path)
      ? imports.filter(({ to, kind }) => kind === "value" && LOOP.test(to))
        .map(({ to }) => `${path} imports ${to}`)
      : []
  );
  assert.deepEqual(wrong, []);
});

Deno.test("every import leads to a module that there is, and mod.ts to no bench", () => {
  const files = new Set(MODULES.keys());
  const wrong = [...MODULES].flatMap(([path, imports]) =>
    imports.filter(({ to }) => !files.has(to)).map(({ to }) => `${path} imports ${to}`)
  );
  assert.deepEqual(wrong, []);
  assert.ok(MODULES.get("mod.ts")!.every(({ to }) => !to.startsWith("bench/")));
});

Deno.test("what mod.ts loads asks Deno and Node through core/deno.ts and core/node.ts, so that it runs in a browser", () => {
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { to, kind } of MODULES.get(path)!) if (kind === "value") visit(to);
  };
  visit("mod.ts");
  const wrong = [...loaded].flatMap((path) => {
    const code = withoutComments(Deno.readTextFileSync(`${ROOT}${path}`));
    const imported = [...code.matchAll(/^import (?!type)[^;]*? from "node:.*$/gm)];
    const asked = path === "core/deno.ts" ? [] : [...code.matchAll(FILE_FUNCTION)];
    return [...imported, ...asked].map(([text]) => `${path}: ${text}`);
  });
  assert.deepEqual(wrong, []);
});

Deno.test("importsOf() tells types from values and from what is loaded later", () => {
  const text = `
/** @example import { no } from "./comment.ts"; */
import type { A } from "./a.ts";
import { type B, type C } from "./b.ts";
import { type D, e } from "../e.ts";
import "./f.ts";
import g from "npm:g@1";
export * from "./h.ts";
export type * from "./i.ts";
// import { j } from "./j.ts";
const k = await import("./k.ts");
const l = new Worker(new URL("./l.ts", import.meta.url), { type: "module" });
`;
  assert.deepEqual(importsOf("room/part/x.ts", text), [
    { to: "room/part/a.ts", kind: "type" },
    { to: "room/part/b.ts", kind: "type" },
    { to: "room/e.ts", kind: "value" },
    { to: "room/part/f.ts", kind: "value" },
    { to: "room/part/h.ts", kind: "value" },
    { to: "room/part/i.ts", kind: "type" },
    { to: "room/part/k.ts", kind: "later" },
    { to: "room/part/l.ts", kind: "later" },
  ]);
});

Deno.test("circlesOf() finds circles, and nothing in a graph without any", () => {
  const graph = new Map([["a", ["b", "c"]], ["b", ["d"]], ["c", ["d"]], ["d", []]]);
  assert.deepEqual(circlesOf(graph), []);
  assert.deepEqual(circlesOf(new Map([...graph, ["d", ["b"]], ["e", ["e"]]])), [["b", "d"], ["e"]]);
});
