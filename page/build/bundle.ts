/**
 * One script of a program's modules, for browsers.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { build, type Plugin, stop } from "./esbuild.ts";
import { packagesOf } from "./packages.ts";

/** The lock of what building needs. */
const LOCK = fileURLToPath(new URL("../../tests/deno.lock", import.meta.url));

/** Syntax that browsers with WebGPU have; what is newer, such as `using`, is written in other words. */
const TARGET = "es2022";

/** What a program loads when it needs it, and never needs in a browser, by the end of its path. */
const ABSENT: readonly string[] = [
  "/cpu/device.ts",
  "/npm/hyparquet.ts",
  "/npm/hyparquet_writer.ts",
  "/parquet_pages.ts",
  "/npm/arquero.ts",
  "/npm/plot.ts",
];

/** Leaves out what is never loaded. */
const leaveOut: Plugin = {
  name: "leave out",
  setup(build) {
    build.onResolve({ filter: /\.ts$/ }, ({ path, kind }) => {
      const absent = kind === "dynamic-import" && ABSENT.some((end) => path.endsWith(end));
      return absent ? { path, external: true } : undefined;
    });
  },
};

/**
 * Puts a program's modules together.
 *
 * @param entry Its first module, a path.
 * @returns The script, an ES module without imports, made small.
 * @throws What esbuild finds wrong.
 */
export async function bundle(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir({ prefix: "slipstream-packages-" });
  try {
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      platform: "browser",
      target: TARGET,
      minify: true,
      legalComments: "none",
      charset: "utf8",
      loader: { ".wgsl": "text", ".css": "text" },
      plugins: [leaveOut, await packagesOf(entry, LOCK, folder)],
      write: false,
      logLevel: "error",
    });
    return new Uint8Array(outputFiles![0]!.contents);
  } finally {
    await stop();
    await Deno.remove(folder, { recursive: true });
  }
}
