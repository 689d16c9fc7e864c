/** What `check_page.ts` tells of a page, and the page's expectations, the same for every page. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** A window. */
export interface View {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

/** What `inspect_page.js` sees. */
export interface Inspection {
  readonly scrollWidth: number;
  readonly scrollHeight: number;
  readonly clientWidth: number;
  readonly background: string;
  readonly ink: string;
  readonly leastContrast: { readonly ratio: number; readonly text: string };
  readonly textProblems: readonly string[];
  /** Cells of tables of results beyond the right edge of the window. */
  readonly cellsOutside: readonly string[];
  readonly figures: readonly {
    readonly id: string;
    /** Whether it is closed. */
    readonly closed: boolean;
    /** The legend first. */
    readonly svgs: readonly {
      readonly id: string;
      readonly width: number;
      readonly height: number;
      readonly marks: number;
    }[];
  }[];
  /** Tables that are closed at first: what is shown of them. */
  readonly longTables: readonly { readonly summary: boolean; readonly rows: number }[];
  readonly navigation: boolean;
}

/** An image of the page. */
export interface Screenshot {
  readonly width: number;
  readonly height: number;
  readonly colours: number;
}

/** What `use_page.js` gets from the page's script. */
export interface Use {
  /** What is said of the marks that arrow keys lead to: right, right, left. */
  readonly values: readonly (string | null)[];
  /** Whether Escape ends that. */
  readonly closed: boolean;
  /** Whether the same is said of the mark beside the pointer. */
  readonly pointed: boolean;
  /** What can be highlighted; what the first of these fades, and marks in tables; what is left after a second click. */
  readonly names: readonly string[];
  readonly faded: number;
  readonly marked: number;
  readonly left: number;
  /** A column of the first table that can be sorted, from the third: as it is, and after each of three clicks. */
  readonly orders: readonly (readonly string[])[];
  /** The calculator at 50 % hot inputs of which 40 % are skipped. */
  readonly calculated: { readonly shown: boolean; readonly rows: readonly string[] } | null;
}

/** All of it. */
export interface PageReport {
  readonly problems: readonly string[];
  readonly requests: readonly string[];
  readonly views: readonly {
    readonly view: View;
    readonly inspection: Inspection;
    readonly screenshot: Screenshot;
  }[];
  /** In the last view, with everything opened that is closed at first. */
  readonly opened: Inspection;
  readonly used: Use;
  readonly print: { readonly inspection: Inspection; readonly screenshot: Screenshot };
  readonly pdf: { readonly begins: string; readonly bytes: number };
}

/** Opens a page in Chromium; screenshots go to a folder. */
export async function lookAtPage(
  chromium: string,
  page: string,
  screenshots: string,
): Promise<PageReport> {
  const program = fileURLToPath(new URL("./check_page.ts", import.meta.url));
  const lock = fileURLToPath(new URL("../../deno.lock", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", `--lock=${lock}`, "--allow-all", program, chromium, page, screenshots],
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Checks what must hold of every page. */
export function checkPage({ problems, requests, views, opened, print, pdf }: PageReport): void {
  assert.deepEqual(problems, []);
  assert.deepEqual(requests, []);
  for (const { view, inspection, screenshot } of views) {
    const { name, width } = view;
    assert.ok(inspection.scrollWidth <= inspection.clientWidth, `${name}: wider than its window`);
    const { ratio, text } = inspection.leastContrast;
    assert.ok(ratio >= 4.5, `${name}: "${text}" has a contrast of ${ratio}`);
    assert.deepEqual(inspection.textProblems, [], name);
    assert.equal(screenshot.width, width, name);
    assert.ok(screenshot.colours > 50, `${name}: ${screenshot.colours} colours`);
    checkFigures(inspection, name);
    if (name.startsWith("phone")) assert.deepEqual(inspection.cellsOutside, [], name);
  }
  assert.ok(opened.figures.every(({ closed }) => !closed));
  assert.deepEqual(opened.textProblems, []);
  assert.ok(opened.scrollWidth <= opened.clientWidth, "opened: wider than its window");
  checkFigures(opened, "opened");
  const backgrounds = views.map(({ view, inspection }) =>
    `${view.scheme} ${inspection.background}`
  );
  assert.deepEqual([...new Set(backgrounds)].sort(), [
    "dark rgb(20, 23, 27)",
    "light rgb(255, 255, 255)",
  ]);
  assert.equal(print.inspection.background, "rgb(255, 255, 255)");
  assert.equal(print.inspection.navigation, false);
  assert.ok(print.inspection.scrollWidth <= print.inspection.clientWidth, "wider than the paper");
  // Nobody can open them there.
  for (const { summary, rows } of print.inspection.longTables) {
    assert.deepEqual({ summary, rows }, { summary: true, rows: 0 });
  }
  checkFigures(print.inspection, "print");
  assert.equal(pdf.begins, "%PDF-");
  assert.ok(pdf.bytes > 20_000, `a PDF of ${pdf.bytes} bytes`);
}

/** How many windows of 1200 x 900 the page is long. */
export function screensOf({ views }: PageReport): number {
  const { view, inspection } = views.find(({ view: { name } }) => name === "screen")!;
  return inspection.scrollHeight / view.height;
}

function checkFigures({ figures }: Inspection, name: string): void {
  for (const { id, svgs, closed } of figures) {
    if (closed) continue;
    assert.ok(svgs.length >= 2, `${name}: ${id} lacks its legend or its panels`);
    for (const [i, svg] of svgs.entries()) {
      assert.ok(svg.width > 100 && svg.height > 10, `${name}: ${svg.id} takes no room`);
      if (i > 0) assert.ok(svg.marks > 0, `${name}: ${svg.id} has no marks`);
    }
  }
}
