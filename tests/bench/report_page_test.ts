import assert from "node:assert/strict";
import { parseHTML } from "../../core/npm/plot.ts";
import type { Figure, Panel } from "../../figures/figure.ts";
import { drawFigureSvg, reportPage, writeReport } from "../../bench/report_page/mod.ts";
import { EXPERIMENT_NAMES } from "../../bench/experiment_names.ts";
import { EXPERIMENTS } from "../../bench/registry.ts";
import { writeResult } from "../../bench/results.ts";
import { formatSealed } from "../../core/json_file.ts";
import { inFolder } from "../data/rows.ts";
import { FIGURES, madeUp, madeUpDocuments } from "./made_up_results.ts";

/** The elements of a document that these tests ask for; linkedom's types are a browser's. */
interface Element {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

const parse = (text: string): Element =>
  (parseHTML(text) as unknown as { document: Element }).document;
const count = (within: Element, selector: string): number =>
  [...within.querySelectorAll(selector)].length;

/** How many elements a figure's data must have: of other marks one each, of lines one a series and panel. */
function expectedMarks({ panels }: Figure): { data: number; lines: number } {
  let data = 0, lines = 0;
  for (const { mark, data: values } of panels) {
    const series = Map.groupBy(values, ({ series, origin }) => `${series} ${origin}`);
    if (mark !== "lines") data += values.length;
    else {
      lines += series.size;
      for (const { length } of series.values()) {
        data += length === 1 || length <= 40 && values.length <= 120 ? length : 0;
      }
    }
  }
  return { data, lines };
}

for (const [key, figure] of Object.entries<Figure>(FIGURES)) {
  Deno.test(`drawFigureSvg() draws every value of ${key}, and says what it shows`, async () => {
    const text = await drawFigureSvg(figure);
    const document = parse(text), svg = document.querySelector("svg")!;
    const { data, lines } = expectedMarks(figure);
    assert.equal(count(svg, ".data > *"), data);
    assert.equal(count(svg, ".data-line > *"), lines);
    const intervals = figure.panels.filter(({ mark }) => mark !== "lines")
      .flatMap((panel) => panel.data).filter(({ low }) => low !== undefined);
    assert.equal(count(svg, ".interval > *"), intervals.length);
    assert.equal(
      count(svg, ".rule > *"),
      figure.panels.flatMap(({ rules = [] }: Figure["panels"][number]) => rules).length,
    );
    const diagonals = figure.panels.flatMap(({ diagonal }: Figure["panels"][number]) =>
      diagonal ?? []
    );
    assert.equal(count(svg, ".diagonal > *"), diagonals.length);
    for (const word of diagonals.join(" ").split(" ")) {
      assert.ok(svg.textContent.includes(word), word);
    }
    const legend = svg.querySelector(".legend")!.textContent;
    for (const { series, origin } of figure.panels.flatMap((panel) => panel.data)) {
      assert.ok(legend.includes(series), series);
      assert.ok(legend.includes(origin), origin);
    }
    assert.equal(svg.getAttribute("role"), "img");
    assert.equal(svg.querySelector("title")!.textContent, figure.title);
    assert.ok(svg.querySelector("desc")!.textContent.includes(figure.caption));
    assert.match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
    checkNames(text);
  });
}

Deno.test("drawFigureSvg() tells origins apart by hatching and hollow outlines, not by colour alone", async () => {
  const svg = parse(await drawFigureSvg(FIGURES.ratios));
  const fills = [...svg.querySelectorAll(".data")].map((group) => group.getAttribute("fill")!);
  assert.equal(fills.length, 2);
  assert.match(fills[0]!, /^url\(#ratios-hatch-1\)$/);
  assert.match(fills[1]!, /^var\(--paper, /);
  assert.equal(count(svg, "pattern"), 1);
  const stroked = [...svg.querySelectorAll(".data")].map((group) =>
    group.getAttribute("stroke-dasharray")
  );
  assert.deepEqual(stroked.map((dashes) => dashes !== null), [false, true]);
});

Deno.test("drawFigureSvg() leaves out what has no place on its axes, and draws the rest", async () => {
  const panel = { title: "", x: { label: "x" }, y: { label: "y", scale: "log" as const } };
  const datum = { series: "s", origin: "measured" as const };
  const values = [1, 0, -3, NaN, null as unknown as number, 20];
  for (const mark of ["bars", "points", "lines", "scatter", "stacked"] as const) {
    const svg = await drawFigureSvg({
      name: "gaps",
      title: "Gaps",
      caption: "A caption.",
      panels: [
        { ...panel, mark, data: values.map((y, x) => ({ x, y, ...datum })) },
        { ...panel, mark, data: [] },
      ],
    });
    assert.equal(count(parse(svg), ".data > *"), mark === "stacked" ? 4 : 2, mark);
    assert.ok(svg.includes("no values"));
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  }
});

Deno.test("drawFigureSvg() takes names, sizes and numbers as they come", async () => {
  const figure: Figure = {
    name: "odd",
    title: 'A <title> & "more" \'',
    caption: "</desc><script>alert(1)</script>",
    panels: [{
      title: "]]><b>",
      mark: "lines",
      x: { label: "<x>" },
      y: { label: "a\u0000b" },
      data: [{ x: 1, y: 5, series: "<s>", origin: "predicted", low: 4, high: 6 }],
    }, {
      title: "",
      mark: "points",
      x: { label: "" },
      y: { label: "" },
      data: [{ x: "a".repeat(200), y: 1e-12, series: "<s>", origin: "published" }],
    }],
  };
  const text = await drawFigureSvg(figure);
  assert.doesNotMatch(text, /<script|<b>|<s>|<x>/);
  assert.ok(!text.includes("\0"));
  assert.equal(parse(text).querySelector("title")!.textContent, figure.title);
});

Deno.test("reportPage() has a section, tables, figures, data and commands of every experiment", async () => {
  const documents = madeUpDocuments();
  const text = await reportPage({ documents: documents.toReversed(), refused: [] });
  const page = parse(text);
  checkNames(text);
  const sections = [...page.querySelectorAll("main > section[id]")].map((s) =>
    s.getAttribute("id")
  );
  assert.deepEqual(sections, documents.map(({ experiment }) => experiment));
  for (const { experiment, title, figures, tables, command, failure, notes } of documents) {
    const section = page.querySelector(`#${experiment}`)!;
    assert.equal(section.querySelector("h2")!.textContent, title);
    assert.ok(section.textContent.includes(command));
    assert.equal(count(section, "figure"), figures.length);
    assert.equal(
      count(section, "details figure"),
      figures.filter(({ secondary }) => secondary).length,
    );
    if (failure !== null) assert.ok(section.textContent.includes(failure));
    for (const note of notes) {
      assert.ok(page.querySelector("main")!.textContent.includes(note));
    }
    for (const figure of figures) {
      const drawn = page.querySelector(`#${experiment}-${figure.name}`)!;
      const { data, lines } = expectedMarks(figure);
      assert.equal(count(drawn, ".data > *") + count(drawn, ".data-line > *"), data + lines);
      const values = figure.panels.flatMap((panel) => panel.data);
      assert.equal(count(drawn, "details tbody tr"), Math.min(200, values.length));
      const csv = decode(drawn.querySelector("a[download$=csv]")!.getAttribute("href")!);
      assert.equal(csv.trimEnd().split("\n").length, values.length + 1);
      const svg = decode(drawn.querySelector("a[download$=svg]")!.getAttribute("href")!);
      assert.equal(svg, await drawFigureSvg(figure));
    }
    for (const table of tables) {
      const shown = [...section.querySelectorAll("table")].find((one) =>
        one.querySelector("caption")!.textContent.startsWith(table.title)
      )!;
      assert.equal(count(shown, "tbody tr"), table.rows.length);
      assert.equal(count(shown, "tbody th[scope=row]"), table.rows.length);
      assert.equal(count(shown, "thead th[scope=col]"), table.columns.length);
    }
  }
});

Deno.test("reportPage() begins with three sentences, recorded runs first, and one chart of both kinds", async () => {
  const tradeoff = (origin: "measured" | "recorded"): Panel => ({
    title: `RM2, ${origin}`,
    mark: "lines",
    x: { label: "time saved, %" },
    y: { label: "AUC beyond fae's" },
    data: [{ x: 11, y: -0.001, series: "slipstream", origin }],
  });
  const here = { headline: "Here little is seen", tradeoff: tradeoff("measured") };
  const text = await reportPage({
    documents: [
      madeUp("frontier", "Frontier", here),
      madeUp("frontier-recorded", "Recorded", {
        headline: "Recorded runs say more",
        tradeoff: tradeoff("recorded"),
      }),
      madeUp("speedup", "Speedup", { headline: "A model says most" }),
      madeUp("accuracy", "Accuracy", { ...here, headline: "One too many" }),
    ],
    refused: [],
  });
  const first = parse(text).querySelector("main > section")!;
  assert.deepEqual(
    [...first.querySelectorAll("li")].map((one) => one.textContent),
    ["Recorded runs say more. More", "Here little is seen. More", "A model says most. More"],
  );
  assert.match(first.textContent, /For a log of your own: deno task bench --data LOG/);
  assert.equal(count(first, "figure"), 1);
  const panels = [...first.querySelectorAll(".panels > svg > title")];
  assert.deepEqual(
    panels.map((title) => title.textContent.split(": ")[1]),
    ["RM2, recorded", "RM2, measured"],
  );
});

Deno.test("reportPage() opens a section with its outcome, and does not say it twice", async () => {
  const outcome = { state: "not at this size", why: "too few inputs" } as const;
  const text = await reportPage({
    documents: [
      madeUp("skew", "Skew", { outcome, verdicts: ["too few"] }),
      madeUp("plans", "Plans", { verdicts: ["slower"] }),
    ],
    refused: [],
  });
  const page = parse(text);
  const said = page.querySelector("#skew > p.outcome")!;
  assert.equal(said.textContent, "Not at this size: too few inputs.");
  assert.equal(page.querySelector("#skew details li")!.textContent, "too few");
  assert.equal(page.querySelector("#plans > .found")!.textContent, "slower");
});

Deno.test("reportPage() opens what a section needs and closes the rest: long tables, further tables, notes", async () => {
  const table = (title: string, rows: number, short = false) => ({
    ...{ title, short, columns: [{ name: "a" }, { name: "b" }] },
    rows: Array.from({ length: rows }, (_, i) => [`row ${i}`, i]),
  });
  const text = await reportPage({
    documents: [
      madeUp("plans", "Plans", {
        tables: [table("Short", 3, true), table("More", 3), table("Empty", 0)],
        notes: ["A note"],
      }),
      madeUp("skew", "Skew", { tables: [table("Long", 40)] }),
    ],
    refused: [],
  });
  const page = parse(text);
  assert.equal(
    page.querySelector("#plans > .scroll caption")!.textContent,
    "Short measured here CSV",
  );
  assert.deepEqual(
    [...page.querySelectorAll("#plans summary, #skew summary")].map((one) => one.textContent),
    ["More (3 rows)", "Notes (1)", "Long (40 rows)"],
  );
  // What tables are sorted by, and what cells are called on a phone.
  const cell = page.querySelector("#plans td")!;
  assert.deepEqual(
    [cell.getAttribute("data-label"), cell.getAttribute("data-value")],
    ["b", "0"],
  );
});

Deno.test("reportPage() needs no network and no other file, and runs no script but its own", async () => {
  const text = await reportPage({ documents: madeUpDocuments(), refused: [] });
  assert.deepEqual(
    [...new Set(text.match(/https?:[^"'\s)<]*/g))],
    ["https://arxiv.org/abs/2404.04270"],
  );
  assert.doesNotMatch(
    text,
    /<script[^>]|<link(?! rel="icon" href="data:,")|@import|url\((?!#)|\ssrc=| on\w+=/,
  );
  const [, script] = text.match(/<script>([\s\S]*)<\/script>/)!;
  assert.equal(count(parse(text), "script"), 1);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
  const allowed = btoa(String.fromCharCode(...new Uint8Array(digest)));
  assert.ok(text.includes(`default-src 'none'`) && text.includes(`script-src 'sha256-${allowed}'`));
  for (const [, address] of text.matchAll(/ href="([^"]*)"/g)) {
    assert.match(address!, /^(#|data:|https:\/\/arxiv\.org\/)/);
  }
});

Deno.test("reportPage() keeps its headings in order and its links' aims in the page", async () => {
  const page = parse(await reportPage({ documents: madeUpDocuments(), refused: [] }));
  const levels = [...page.querySelectorAll("h1, h2, h3, h4")].map((heading) =>
    Number((heading as unknown as { tagName: string }).tagName[1])
  );
  assert.equal(levels.filter((level) => level === 1).length, 1);
  for (const [i, level] of levels.entries()) assert.ok(level <= (levels[i - 1] ?? 0) + 1);
  for (const link of page.querySelectorAll('a[href^="#"]')) {
    const id = link.getAttribute("href")!.slice(1);
    assert.ok(page.querySelector(`[id="${id}"]`) !== null, id);
  }
  assert.equal(page.querySelector("html")!.getAttribute("lang"), "en");
});

Deno.test("reportPage() escapes whatever documents say", async () => {
  const evil = `<img src=x onerror="alert(1)">&'"`;
  const cell = (origin: "measured") => ({ x: evil, y: 1, series: evil, origin });
  const document = madeUp(
    "evil",
    evil,
    {
      tables: [{ title: evil, short: true, columns: [{ name: evil }], rows: [[evil]] }],
      figures: [{
        name: "figure",
        title: evil,
        caption: evil,
        panels: [{
          title: evil,
          mark: "bars",
          x: { label: evil },
          y: { label: evil },
          data: [cell("measured")],
          rules: [{ y: 1, label: evil }],
        }],
      }],
      device: { kind: "cpu", name: evil, isFallbackAdapter: true },
      notes: [evil],
    },
    { inputs: evil, [evil]: 1 },
    evil,
  );
  const text = await reportPage({ documents: [{ ...document, command: evil }], refused: [evil] });
  assert.equal(count(parse(text), "img"), 0);
  assert.doesNotMatch(text, /<img/);
});

Deno.test("reportPage() says what is a smoke run, failed, refused, or of a software adapter", async () => {
  const device = { kind: "webgpu", name: "llvmpipe", isFallbackAdapter: true } as const;
  const text = await reportPage({
    documents: [
      madeUp("plans", "Plans", { device }, { scale: "smoke" }),
      madeUp("peers", "Peers", {}, {}, "Cannot do it: a reason"),
    ],
    refused: ["Cannot read old.json: it is of version 1"],
  });
  const alerts = [...parse(text).querySelectorAll("header .alert")].map((one) => one.textContent);
  assert.equal(alerts.length, 3);
  assert.match(alerts[0]!, /these numbers mean nothing.*plans/s);
  assert.match(alerts[1]!, /peers/);
  assert.match(alerts[2]!, /Cannot read old\.json/);
  assert.match(text, /a software adapter: its speed says nothing/);
});

Deno.test("reportPage() tells a revision with local changes, and leaves out times that are none", async () => {
  const [first, second] = [madeUp("plans", "Plans", {}), madeUp("skew", "Skew", {})];
  const environment = { ...first.environment, git_revision: "a".repeat(40), git_dirty: true };
  const text = await reportPage({
    documents: [{ ...first, environment, seconds: 0.02 }, { ...second, environment }],
    refused: [],
  });
  const page = parse(text);
  assert.match(page.querySelector("main")!.textContent, /revision a{12} with local changes;/);
  const took = [...page.querySelectorAll("[aria-labelledby=what-was-run] td[data-label=took]")];
  assert.deepEqual(took.map((cell) => cell.textContent), ["", "12 s"]);
  assert.doesNotMatch(page.querySelector("#plans .again")!.textContent, /took/);
  assert.match(page.querySelector("#skew .again")!.textContent, /took 12 s$/);
  const clean = { ...first, environment: { ...environment, git_dirty: false } };
  assert.doesNotMatch(await reportPage({ documents: [clean], refused: [] }), /local changes/);
});

Deno.test("reportPage() parts a column's badge from its name", async () => {
  const page = parse(await reportPage({ documents: madeUpDocuments(), refused: [] }));
  const headings = [...page.querySelectorAll("#speedup thead th")].map((one) => one.textContent);
  assert.ok(headings.includes("published paper"), headings.join());
});

Deno.test("reportPage() orders experiments as the suite runs them", async () => {
  assert.deepEqual(EXPERIMENT_NAMES, EXPERIMENTS.map(({ name }) => name));
  const documents = EXPERIMENTS.map(({ name, title }) => madeUp(name, title, {}));
  const page = parse(await reportPage({ documents: documents.toReversed(), refused: [] }));
  const sections = [...page.querySelectorAll("main > section[id]")];
  assert.deepEqual(
    sections.map((section) => section.getAttribute("id")),
    EXPERIMENTS.map(({ name }) => name),
  );
});

Deno.test("reportPage() without results says so", async () => {
  assert.match(await reportPage({ documents: [], refused: [] }), /There is no result yet/);
});

Deno.test("writeReport() writes the page and every figure, and names the files that it cannot show", () =>
  inFolder(async (folder) => {
    const documents = madeUpDocuments();
    for (const document of documents) await writeResult(folder, document);
    const [, plans] = documents;
    const broken: Record<string, string> = {
      "text.json": "not JSON",
      "foreign.json": '{"schema": "other"}',
      "old.json": '{"schema": "slipstream.bench", "schema_version": 1}',
      "half.json": formatSealed({ ...plans, experiment: "half", tables: [{ title: "t" }] }),
      "path.json": formatSealed({ ...plans, experiment: "../path" }),
      "edited.json": formatSealed(plans!).replace('"seconds": ', '"seconds": 1'),
      "deviceless.json": formatSealed({ ...plans, device: undefined }),
      "twice.json": formatSealed({ ...plans!, finished_at: "2020-01-01T00:00:00.000Z" }),
      "null.json": "null",
      "suite.json": "{}",
    };
    for (const [name, text] of Object.entries(broken)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const { page, figures, refused } = await writeReport(folder);
    assert.equal(page, `${folder}/report.html`);
    assert.equal(refused.length, 9, refused.join("\n"));
    for (const sentence of refused) assert.match(sentence, /^Cannot (read|show) .*: /);
    const text = await Deno.readTextFile(page), shown = parse(text);
    for (
      const name of [
        "text.json",
        "foreign.json",
        "old.json",
        "half.json: tables[0].origin is missing",
        'path.json: experiment is "../path" and must be lower-case letters, digits and dashes',
        "edited.json: it was changed after it was written; run the experiment again",
        "deviceless.json: device is missing",
        "plans",
        "null.json",
      ]
    ) {
      assert.ok(shown.querySelector("header .alert:last-child")!.textContent.includes(name), name);
    }
    for (const { experiment } of documents) {
      assert.ok(shown.querySelector(`#${experiment}`) !== null);
    }
    const expected = documents.flatMap(({ experiment, figures }) =>
      figures.map(({ name }) => `${experiment}-${name}.svg`)
    );
    assert.equal(figures, expected.length);
    for (const name of expected) {
      assert.match(await Deno.readTextFile(`${folder}/${name}`), /^<svg [\s\S]*<\/svg>\n$/);
    }
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name.endsWith(".tmp")), []);
    assert.deepEqual(names.filter((name) => name.endsWith(".svg")).sort(), expected.sort());
  }));

Deno.test("writeReport() removes the SVG files of figures that an experiment no longer has", () =>
  inFolder(async (folder) => {
    const [, , breakdown] = madeUpDocuments();
    await writeResult(folder, breakdown!);
    for (const name of ["breakdown-old.svg", "skew-access.svg", "drawing.svg"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await writeReport(folder);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name.endsWith(".svg")).sort(), [
      "breakdown-stages.svg",
      "drawing.svg",
      "skew-access.svg",
    ]);
  }));

Deno.test("no experiment's name begins with another's and a dash: files are told apart by it", () => {
  for (const { name } of EXPERIMENTS) {
    for (const other of EXPERIMENTS) assert.ok(!other.name.startsWith(`${name}-`), other.name);
  }
});

Deno.test("writeReport() writes nothing into a folder without results", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/notes.txt`, "");
    await assert.rejects(
      writeReport(folder),
      /^UserError: Cannot make a report of .*: it holds no results of deno task bench that can be read$/,
    );
    await Deno.writeTextFile(`${folder}/old.json`, "{}");
    await assert.rejects(writeReport(folder), /can be read \(Cannot read .*old\.json: .*\)$/);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.deepEqual(names.sort(), ["notes.txt", "old.json"]);
  }));

Deno.test("writeReport() says what is wrong with its folder", async () => {
  await assert.rejects(
    writeReport("/no-such-folder"),
    /^UserError: Cannot read \/no-such-folder: /,
  );
});

/** No name occurs twice, and whatever is referred to is there. */
function checkNames(text: string): void {
  const names = [...text.matchAll(/ id="([^"]*)"/g)].map(([, name]) => name!);
  assert.equal(
    new Set(names).size,
    names.length,
    names.filter((n, i) => names.indexOf(n) !== i).join(),
  );
  for (const [, name] of text.matchAll(/url\(#([^)]*)\)/g)) assert.ok(names.includes(name!), name);
}

function decode(address: string): string {
  const base64 = address.replace(/^data:[^,]*;base64,/, "");
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
}
