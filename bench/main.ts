/**
 * `deno task bench [NAME …]`: the suite, experiments by name, the report, and comparing two folders of results.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { chooseCommand, parseFlags } from "../core/flags.ts";
import { currentEnvironment } from "../train/run/environment.ts";
import { compareCommand } from "./commands/compare.ts";
import { namedCommand } from "./commands/named.ts";
import { reportCommand } from "./commands/report.ts";
import { suiteCommand } from "./commands/suite.ts";
import { BENCH_FLAGS, partWords } from "./flags.ts";
import { helpOf, helpPage } from "./help.ts";
import { EXPERIMENTS } from "./registry.ts";

async function main(args: readonly string[]): Promise<number> {
  const { words, flags } = partWords(args);
  const names = ["report", "compare", ...EXPERIMENTS.map(({ name }) => name)];
  const [first, ...more] = words;
  if (first !== undefined) chooseCommand(names, [first]);
  if (first === "report" || first === "compare") {
    // The task bench:fast says it before every word.
    const own = flags.filter((flag) => flag !== "--wide");
    return await (first === "report" ? reportCommand : compareCommand)(more, own);
  }
  const chosen = new Set(words.map((word) => chooseCommand(names.slice(2), [word]).name));
  const experiments = EXPERIMENTS.filter(({ name }) => chosen.has(name));
  const { values, given, help } = parseFlags(BENCH_FLAGS, flags);
  if (help) {
    console.log(
      chosen.size === 0 ? helpPage(EXPERIMENTS) : helpOf(experiments, EXPERIMENTS),
    );
    return 0;
  }
  const say = values.quiet ? () => {} : (line: string) => console.error(line);
  const { cpu_model, cpus, deno, project_version } = currentEnvironment();
  const machine = [`${cpus} cores`, ...(cpu_model ? [cpu_model] : [])].join(", ");
  say(`Slipstream ${project_version}, Deno ${deno}, ${machine}`);
  return chosen.size === 0
    ? await suiteCommand(EXPERIMENTS, values, given, say)
    : await namedCommand(experiments, EXPERIMENTS, values, given, say);
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exitCode = error.status;
  }
}
