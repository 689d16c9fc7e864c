/**
 * Where Chromium is: tests in a browser are skipped where there is none, unless the environment demands one.
 *
 * @module
 */

const REQUIRE = "SLIPSTREAM_REQUIRE_BROWSER";
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The program, or null. Throws if there is none and the environment demands one. */
export const chromium: string | null = find();

function find(): string | null {
  const found = PLACES.find(exists) ?? null;
  if (found === null && Deno.env.get(REQUIRE) === "1") {
    throw new Error(
      `Cannot run the tests in a browser that ${REQUIRE}=1 demands: no Chromium was found`,
    );
  }
  return found;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
