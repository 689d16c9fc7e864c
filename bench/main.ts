/**
 * `deno task bench [NAME …]`: the suite, experiments by name, the report, and comparing two folders of results.
 *
 * @module
 */

import { runEntryPoint } from "../core/entry_point.ts";
import { chooseCommand, parseFlags } from "../core/flags.ts";
import { print, tell } from "../core/streams.ts";
import { currentEnvironment } from "../train/run/environment.ts";
import { compareCommand } from "./commands/compare.ts";
import { collectCommand, jobsCommand, runCommand } from "./commands/jobs.ts";
import { namedCommand } from "./commands/named.ts";
import { pagesCommand } from "./commands/pages.ts";
import { recordCommand } from "./commands/record.ts";
import { reportCommand } from "./commands/report.ts";
import { suiteCommand } from "./commands/suite.ts";
import { BENCH_FLAGS, logFolder, partWords } from "./flags.ts";
import { helpOf, helpPage } from "./help.ts";
import { worthExperiment } from "./experiments/worth.ts";
import { EXPERIMENTS } from "./registry.ts";

/** Words that are no experiments. */
const COMMANDS = ["report", "compare", "jobs", "run", "collect", "record", "pages"];

async function main(args: readonly string[]): Promise<number> {
  const { words, flags } = partWords(args);
  const names = [...COMMANDS, ...EXPERIMENTS.map(({ name }) => name)];
  const [first, ...more] = words;
  if (first !== undefined) chooseCommand(names, [first]);
  const apart = { report: reportCommand, compare: compareCommand, pages: pagesCommand };
  if (first !== undefined && Object.hasOwn(apart, first)) {
    // The task says it before every word.
    const own = flags.filter((flag) => flag !== "--wide");
    return await apart[first as keyof typeof apart](more, own);
  }
  const shared = first === "jobs" || first === "run" || first === "collect" || first === "record"
    ? first
    : null;
  const named = shared === null ? words : more;
  const chosen = new Set(
    named.map((word) => chooseCommand(names.slice(COMMANDS.length), [word]).name),
  );
  const experiments = EXPERIMENTS.filter(({ name }) => chosen.has(name));
  if (shared === "jobs") return await jobsCommand(experiments, EXPERIMENTS, flags);
  if (shared === "record") return await recordCommand(experiments, EXPERIMENTS, flags);
  const { values, given, help } = parseFlags(BENCH_FLAGS, flags);
  if (help) {
    print(chosen.size === 0 ? helpPage(EXPERIMENTS) : helpOf(experiments, EXPERIMENTS));
    return 0;
  }
  const say = values.quiet ? () => {} : (line: string) => tell(line);
  const { cpu_model, cpus, deno, project_version } = currentEnvironment();
  const machine = [`${cpus} cores`, ...(cpu_model ? [cpu_model] : [])].join(", ");
  say(`Slipstream ${project_version}, Deno ${deno}, ${machine}`);
  if (shared === "run") return await runCommand(EXPERIMENTS, values, given, say);
  if (shared === "collect") {
    return await collectCommand(experiments, EXPERIMENTS, values, given, say);
  }
  if (chosen.size === 0 && values.data.length === 0) {
    return await suiteCommand(EXPERIMENTS, values, given, say);
  }
  // A log without a name asks the one question, whose answer has a folder of its own.
  const asked = chosen.size === 0 ? [worthExperiment] : experiments;
  const out = asked.includes(worthExperiment) && asked.length === 1 && !given.has("out")
    ? logFolder(values.data)
    : values.out;
  return await namedCommand(asked, EXPERIMENTS, { ...values, out }, given, say);
}

if (import.meta.main) await runEntryPoint(() => main(Deno.args));
