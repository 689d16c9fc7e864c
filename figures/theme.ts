/**
 * Colours of the report, as CSS custom properties for a light and a dark surface.
 *
 * Origins are told apart by family: what was measured is cool, what was recorded earlier is green, what a generator was made to
 * have is violet, what a model predicts is warm, what was published is grey. Within a family the first four differ from their neighbours in lightness too, so that they stay apart for the
 * colour-blind. Marks have at least 3:1 against their surface and text 4.5:1 (`tests/bench/report_theme_test.ts`).
 *
 * @module
 */

import type { Origin } from "./figure.ts";

/** What an origin is called in badges and legends. */
export const ORIGIN_NAMES: Readonly<Record<Origin, string>> = {
  measured: "measured here",
  recorded: "recorded",
  generated: "generated",
  predicted: "predicted",
  published: "published",
};

/** A colour for each surface. */
type Shade = readonly [light: string, dark: string];

/** Surfaces and text. */
const SURFACES = {
  paper: ["#ffffff", "#14171b"],
  raised: ["#f5f6f8", "#1d2126"],
  ink: ["#1b1f24", "#e7e9ec"],
  muted: ["#57606a", "#a5aeb8"],
  grid: ["#e2e5e9", "#2d333a"],
  line: ["#c6ccd3", "#444c56"],
  link: ["#0b5cad", "#79b8ff"],
  alert: ["#a3260f", "#ff9a86"],
  "alert-surface": ["#fdf0ed", "#331a16"],
  "measured-ink": ["#0b5394", "#8cc4ff"],
  "measured-surface": ["#e8f1fb", "#142b42"],
  "recorded-ink": ["#2b5d12", "#a9dd84"],
  "recorded-surface": ["#eaf4e2", "#1b3012"],
  "generated-ink": ["#6b2d8f", "#dba8f7"],
  "generated-surface": ["#f5ebfa", "#321c40"],
  "predicted-ink": ["#8a3a0c", "#ffb38a"],
  "predicted-surface": ["#fdeee3", "#3a2213"],
  "published-ink": ["#454c54", "#c9d0d7"],
  "published-surface": ["#eef0f2", "#2a2f35"],
} satisfies Record<string, Shade>;

/** Colours of series. */
const SERIES: Readonly<Record<Origin, readonly Shade[]>> = {
  measured: [
    ["#1b5fa3", "#5aa9f0"],
    ["#2a9d8f", "#8fe0d2"],
    ["#5d52b8", "#aaa2f2"],
    ["#4d7c2a", "#9ccf6c"],
    ["#3f8fd6", "#c4dcf7"],
    ["#173a66", "#2f7fce"],
    ["#1e93b3", "#6bd6f2"],
    ["#6b7785", "#93a3b3"],
    ["#0b5d56", "#2b9e90"],
    ["#8a7fd6", "#7d72d4"],
  ],
  recorded: [
    ["#2f6b1f", "#7fd069"],
    ["#6f8f00", "#d3e86a"],
    ["#0f5c46", "#3fae8c"],
    ["#4f7f52", "#b9dcb9"],
    ["#7a8a1f", "#97a63c"],
    ["#17452c", "#5a9a6f"],
    ["#3f9142", "#a4e39b"],
    ["#5f6b4a", "#98a583"],
    ["#1f7a63", "#61d6b4"],
    ["#8a9a5b", "#7d8c52"],
  ],
  generated: [
    ["#7a35a0", "#c184e6"],
    ["#c25fae", "#f0b3e2"],
    ["#54246f", "#9a5fc0"],
    ["#a06fc4", "#d9bdf0"],
    ["#8f2f7d", "#d078be"],
  ],
  predicted: [
    ["#b8431a", "#ff8f60"],
    ["#b58900", "#f2cf74"],
    ["#74203b", "#c25577"],
    ["#9b4397", "#dd92da"],
    ["#d9663f", "#f3b9c9"],
    ["#85562a", "#cf9f70"],
    ["#cc7a00", "#ffbd59"],
    ["#8c766a", "#b9a79b"],
    ["#a32d4e", "#e0708f"],
    ["#5c3a1a", "#a9793f"],
  ],
  published: [
    ["#2f353b", "#dde2e7"],
    ["#6e7781", "#9aa4ae"],
    ["#4a525a", "#bcc4cc"],
    ["#868e96", "#7d8790"],
  ],
};

const PROPERTIES: Readonly<Record<string, Shade>> = {
  ...SURFACES,
  ...Object.fromEntries(
    Object.entries(SERIES).flatMap(([origin, shades]) =>
      shades.map((shade, i) => [`${origin}-${i + 1}`, shade])
    ),
  ),
};

/** All properties by name, with their colours; for checks of contrast. */
export const colours = (): Readonly<Record<string, readonly [light: string, dark: string]>> =>
  PROPERTIES;

/** A property as a CSS value; its light colour is what stands where nothing defines it. */
export function colour(name: string): string {
  return `var(--${name}, ${PROPERTIES[name]![0]})`;
}

/** The colour of a series. */
export function seriesColour(origin: Origin, index: number): string {
  return colour(`${origin}-${index % SERIES[origin].length + 1}`);
}

/** Rules that define all properties on what a selector selects; dark ones for screens alone, as paper is white. */
export function themeCss(selector: string): string {
  const define = (surface: 0 | 1) =>
    Object.entries(PROPERTIES).map(([name, shade]) => `--${name}:${shade[surface]}`).join(";");
  return `${selector}{color-scheme:light dark;${define(0)}}\n` +
    `@media screen and (prefers-color-scheme:dark){${selector}{${define(1)}}}\n`;
}
