/**
 * What was run: machine, versions, and a line an experiment.
 *
 * @module
 */

import type { BenchDocument } from "../report.ts";
import { type Markup, markup } from "../../figures/markup.ts";
import { scrollBox } from "./table.ts";

/** Whether a document is of a run whose numbers mean nothing. */
export const isSmoke = ({ settings }: BenchDocument): boolean => settings.scale === "smoke";

/** Links to the sections of some documents. */
export function linksTo(documents: readonly BenchDocument[]): Markup[] {
  return documents.map(({ experiment }, i) =>
    markup`${i > 0 ? ", " : ""}<a href="#${experiment}">${experiment}</a>`
  );
}

/** The section's content. */
export function runFacts(documents: readonly BenchDocument[]): Markup {
  const kinds = Map.groupBy(documents, ({ environment }) => JSON.stringify(environment));
  const devices = Map.groupBy(
    documents.filter(({ device }) => device !== null),
    ({ device }) => JSON.stringify(device),
  );
  const seconds = documents.reduce((sum, document) => sum + document.seconds, 0);
  const times = documents.map(({ finished_at }) => finished_at).sort();
  return markup`<dl class="terms">${
    [...kinds.values()].map((group) => environmentTerms(group, kinds.size > 1))
  }<dt>Device</dt><dd>${
    devices.size === 0
      ? "none measured"
      : [...devices.values()].map((group, i) =>
        markup`${i > 0 ? "; " : ""}${deviceText(group[0]!)}${
          devices.size > 1 ? ` (${group.map(({ experiment }) => experiment).join(", ")})` : ""
        }`
      )
  }</dd><dt>When</dt><dd>${
    times.length > 1 && times[0] !== times.at(-1)
      ? `${formatTime(times[0]!)} to ${formatTime(times.at(-1)!)}`
      : formatTime(times[0] ?? "")
  }, ${formatSeconds(seconds)} of work</dd></dl>
${runTable(documents)}`;
}

function environmentTerms(group: readonly BenchDocument[], isOneOfMany: boolean): Markup {
  const { cpu_model, cpus, os, arch, deno, v8, typescript } = group[0]!.environment;
  const { git_revision, git_dirty, project_version } = group[0]!.environment;
  return markup`<dt>Machine</dt><dd>${cpu_model ?? "unknown processor"}, ${cpus} logical ${
    cpus === 1 ? "processor" : "processors"
  }, ${os} on ${arch}${
    isOneOfMany ? ` (${group.map(({ experiment }) => experiment).join(", ")})` : ""
  }</dd><dt>Versions</dt><dd>Slipstream ${project_version}, revision ${
    git_revision === null ? "unknown" : markup`<code>${git_revision.slice(0, 12)}</code>`
  }${
    git_dirty ? " with local changes" : ""
  }; Deno ${deno}, V8 ${v8}, TypeScript ${typescript}</dd>`;
}

function deviceText({ device }: BenchDocument): string {
  const { name, kind, isFallbackAdapter } = device!;
  return `${name} (${kind === "cpu" ? "CPU" : "WebGPU"}${
    isFallbackAdapter ? ", a software adapter: its speed says nothing" : ""
  })`;
}

function runTable(documents: readonly BenchDocument[]): Markup {
  const common = commonSettings(documents);
  return scrollBox(
    "Experiments",
    markup`<table class="result"><caption><span>Experiments${
      common.size === 0 ? null : `; settings of all: ${settingsText([...common])}`
    }</span></caption>
<thead><tr><th scope="col">experiment</th><th scope="col">state</th><th scope="col" class="right">took</th><th scope="col">settings</th></tr></thead>
<tbody>${
      documents.map((document) =>
        markup`<tr><th scope="row"><a href="#${document.experiment}">${document.experiment}</a></th><td data-label="state">${
          document.failure !== null
            ? markup`<strong>failed</strong>`
            : isSmoke(document)
            ? markup`<strong>smoke run</strong>`
            : "done"
        }</td><td class="right" data-label="took">${
          isInstant(document) ? "" : formatSeconds(document.seconds)
        }</td><td data-label="settings">${
          settingsText(
            Object.entries(document.settings).filter(([name]) => !common.has(name)),
          )
        }</td></tr>\n`
      )
    }</tbody></table>`,
  );
}

type Setting = BenchDocument["settings"][string];

/** Settings that all of several documents have alike. */
function commonSettings(documents: readonly BenchDocument[]): ReadonlyMap<string, Setting> {
  const [first, ...others] = documents;
  if (first === undefined || others.length === 0) return new Map();
  return new Map(
    Object.entries(first.settings).filter(([name, value]) =>
      others.every(({ settings }) => settings[name] === value)
    ),
  );
}

/** Settings that are set. */
function settingsText(settings: readonly (readonly [string, Setting])[]): string {
  return settings
    .filter(([, value]) => value !== null && value !== false && value !== "")
    .map(([name, value]) =>
      value === true
        ? name
        : `${name} ${typeof value === "number" ? value.toLocaleString("en-US") : value}`
    ).join(", ");
}

/** ISO 8601 to the minute. */
export function formatTime(time: string): string {
  const match = time.match(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/);
  return match === null ? time : `${match[1]} ${match[2]} UTC`;
}

/** Whether a document took no time worth telling: it reads what was stored before, and its time is not that of its numbers. */
export const isInstant = ({ seconds }: BenchDocument): boolean => seconds < 0.1;

/** Wall time for people. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.5) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
