/**
 * Names that variants had before they were written in words: `root-mixed2-30`. Understood for one more version.
 *
 * @module
 */

/** Words of the first part of a name. */
const FIRST: Readonly<Record<string, string>> = {
  baseline: "baseline",
  fae: "fae",
  "skip-hot": "skip-hot",
  "skip-cold": "skip-cold",
  slipstream: "slipstream",
  random: "random-drop",
  freeze: "freeze",
  cold: "slipstream-cold",
  root: "slipstream,criterion=per-root-access",
  "root-max": "slipstream,criterion=per-root-access,combine=max",
  path: "slipstream,criterion=net-over-path",
  "path-mean": "slipstream,criterion=net-over-path,combine=mean",
  "paper-mean": "slipstream,combine=mean",
  artifact: "slipstream,untouched=stale",
  wake: "slipstream,wake-every=200",
  alpha16: "slipstream,alpha=16",
  alpha20: "slipstream,alpha=20",
  alpha23: "slipstream,alpha=23",
  window10: "slipstream,window=10",
  window40: "slipstream,window=40",
};

/** What an old name says in words; null for what is none. */
export function wordsOfOldName(name: string): string | null {
  const parts = name.split("-"), more: string[] = [];
  if (/^\d\d$/.test(parts.at(-1)!)) more.push(`drop=${Number(parts.pop()) / 100}`);
  const [, rate] = /^mixed(\d+)$/.exec(parts.at(-1) ?? "") ?? [];
  if (rate !== undefined) {
    parts.pop();
    more.push("schedule=interleaved", `rate=${rate}`);
  }
  const first = FIRST[parts.join("-")];
  return first === undefined ? null : [first, ...more].join(",");
}

/**
 * Several variants: one a word. A list of old names between commas is several too: behind a variant's plan every word has an
 * equals sign.
 */
export function splitVariants(words: readonly string[]): string[] {
  return words.flatMap((word) => word.includes("=") ? word : word.split(","));
}
