import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { UsageError } from "../../core/errors.ts";
import { chooseCommand, type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";

const TABLE = {
  data: { type: "paths", group: "Input", help: "Files", aliases: ["raw-data-file"] },
  batch: {
    type: "number",
    integer: true,
    min: 1,
    max: 4096,
    default: 128,
    group: "Training",
    help: "Inputs in a minibatch",
    aliases: ["mini-batch-size"],
  },
  lr: {
    type: "number",
    above: 0,
    below: 10,
    group: "Training",
    help: "Learning rate",
    valueName: "RATE",
  },
  offset: { type: "number", default: 0, group: "Training", help: "A number of either sign" },
  evalEvery: { type: "number", integer: true, default: 0, group: "Training", help: "Steps" },
  model: {
    type: "choice",
    choices: ["rm2", "rm3"],
    default: "rm2",
    group: "Model",
    help: "Preset",
  },
  bottom: { type: "ints", minItems: 2, group: "Model", help: "Widths" },
  sweep: { type: "ints", separator: ",", default: [1, 2], group: "Model", help: "Sizes" },
  devices: { type: "list", choices: ["cpu", "webgpu"], group: "Model", help: "Devices" },
  json: { type: "path", group: "Output", help: "Result" },
  quiet: { type: "boolean", short: "q", group: "Output", help: "Print only errors" },
  cache: { type: "boolean", default: true, group: "Output", help: "Keep prepared data" },
} as const satisfies FlagTable;

const values = (...args: string[]) => parseFlags(TABLE, args).values;

function refuses(args: string[], message: string): void {
  assert.throws(() => parseFlags(TABLE, args), (error: unknown) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.message, message);
    return true;
  });
}

Deno.test("parseFlags() fills in defaults", () => {
  assert.deepEqual(values(), {
    batch: 128,
    offset: 0,
    evalEvery: 0,
    model: "rm2",
    sweep: [1, 2],
    quiet: false,
    cache: true,
  });
});

Deno.test("parseFlags() infers the type of each value", () => {
  const parsed = values();
  const batch: number = parsed.batch;
  const lr: number | undefined = parsed.lr;
  const model: "rm2" | "rm3" = parsed.model;
  const data: readonly string[] | undefined = parsed.data;
  const sweep: readonly number[] = parsed.sweep;
  const quiet: boolean = parsed.quiet;
  // @ts-expect-error: without a default a value may be missing
  const missing: number = parsed.lr;
  assert.deepEqual([batch, lr, model, data, sweep, quiet, missing], [
    128,
    undefined,
    "rm2",
    undefined,
    [1, 2],
    false,
    undefined,
  ]);
});

Deno.test("parseFlags() takes a value after a space or an equals sign, and aliases", () => {
  assert.equal(values("--batch", "7").batch, 7);
  assert.equal(values("--batch=7").batch, 7);
  assert.equal(values("--mini-batch-size=7").batch, 7);
  assert.equal(values("--eval-every", "3").evalEvery, 3);
  assert.equal(values("--batch", "1e3").batch, 1000);
  assert.equal(values("--offset", "-1.5").offset, -1.5);
  assert.equal(values("--offset=-.5").offset, -0.5);
  assert.equal(values("--json=a=b.json").json, "a=b.json");
});

Deno.test("parseFlags() reports the spelling that was used", () => {
  const { given } = parseFlags(TABLE, ["--mini-batch-size", "7", "-q"]);
  assert.deepEqual([...given], [["batch", "--mini-batch-size"], ["quiet", "-q"]]);
});

Deno.test("parseFlags() takes several paths after one flag or from repeated flags", () => {
  assert.deepEqual(values("--data", "a", "b", "--batch", "4", "--data=c").data, ["a", "b", "c"]);
  assert.deepEqual(values("--raw-data-file", "a", "--data", "b").data, ["a", "b"]);
});

Deno.test("parseFlags() takes several words, commas and equals signs left alone", () => {
  const table = { variants: { type: "words", group: "Study", help: "Variants" } } as const;
  const of = (...args: string[]) => parseFlags(table, args).values.variants;
  assert.deepEqual(of("--variants", "a", "b,c=1", "--variants=d=2"), ["a", "b,c=1", "d=2"]);
  assert.throws(
    () => of("--variants="),
    /^UserError: Cannot use --variants "": the word is empty$/,
  );
});

Deno.test("parseFlags() takes a file in the place of a word where the flag allows it", () => {
  const table = {
    criterion: {
      type: "choice",
      choices: ["paper", "path"],
      orFile: [".ts", ".js"],
      default: "paper",
      group: "Plan",
      help: "What is measured",
    },
  } as const;
  const of = (...args: string[]): string => parseFlags(table, args).values.criterion;
  assert.equal(of("--criterion", "./mine.ts"), "./mine.ts");
  assert.equal(of("--criterion=path"), "path");
  for (const wrong of ["mine.py", ".ts", "papre"]) {
    assert.throws(
      () => of("--criterion", wrong),
      (error) =>
        (error as Error).message.startsWith(
          `Cannot use --criterion ${wrong}: it must be one of paper, path or a file in .ts or .js`,
        ),
    );
  }
});

Deno.test("parseFlags() handles booleans: bare, negated, with a value, by letter", () => {
  assert.equal(values("--quiet").quiet, true);
  assert.equal(values("-q").quiet, true);
  assert.equal(values("--quiet=False").quiet, false);
  assert.equal(values("--no-cache").cache, false);
  assert.equal(values("--cache=true").cache, true);
  refuses(["--quiet=maybe"], "Cannot use --quiet=maybe: the value must be true or false");
  refuses(["--no-quiet=true"], "Cannot use --no-quiet=true: it takes no value");
  refuses(["--no-batch"], "Cannot use --no-batch: there is no such flag, --help lists them all");
});

Deno.test("parseFlags() parses integer lists and word lists", () => {
  assert.deepEqual(values("--bottom", "13-512-16").bottom, [13, 512, 16]);
  assert.deepEqual(values("--sweep=1024,2048").sweep, [1024, 2048]);
  assert.deepEqual(values("--devices", "cpu,webgpu", "--devices", "cpu").devices, [
    "cpu",
    "webgpu",
    "cpu",
  ]);
});

Deno.test("parseFlags() names the nearest flag when one is unknown", () => {
  refuses(["--bach", "4"], "Cannot use --bach: there is no such flag, did you mean --batch?");
  refuses(
    ["--mini-batchsize=4"],
    "Cannot use --mini-batchsize: there is no such flag, did you mean --mini-batch-size?",
  );
  refuses(["--xyzzy"], "Cannot use --xyzzy: there is no such flag, --help lists them all");
  refuses(["-x"], "Cannot use -x: there is no such flag, --help lists them all");
  refuses(
    ["--__proto__=1"],
    "Cannot use --__proto__: there is no such flag, --help lists them all",
  );
});

Deno.test("parseFlags() refuses bad values with the reason", () => {
  refuses(["--batch", "x"], "Cannot use --batch x: it is not a number");
  refuses(["--batch", "0x10"], "Cannot use --batch 0x10: it is not a number");
  refuses(["--batch="], 'Cannot use --batch "": it is not a number');
  refuses(["--batch", "1.5"], "Cannot use --batch 1.5: it must be a whole number");
  refuses(["--batch", "0"], "Cannot use --batch 0: it must be at least 1");
  refuses(
    ["--mini-batch-size", "5000"],
    "Cannot use --mini-batch-size 5000: it must be at most 4096",
  );
  refuses(["--lr", "0"], "Cannot use --lr 0: it must be more than 0");
  refuses(["--lr", "10"], "Cannot use --lr 10: it must be less than 10");
  refuses(["--lr", "1e999"], "Cannot use --lr 1e999: it is too large");
  refuses(["--lr"], "Cannot use --lr: its value RATE is missing");
  refuses(["--lr", "--batch", "3"], "Cannot use --lr: its value RATE is missing");
  refuses(
    ["--model", "rm5"],
    "Cannot use --model rm5: it must be one of rm2, rm3 (did you mean rm2?)",
  );
  refuses(["--bottom", "13"], "Cannot use --bottom 13: it must have at least 2 numbers");
  refuses(["--bottom", "13-0"], "Cannot use --bottom 13-0: each number must be at least 1");
  refuses(
    ["--bottom", "13--4"],
    'Cannot use --bottom 13--4: "" is not a whole number (write 13-512-16)',
  );
  refuses(["--devices", "cpu,"], "Cannot use --devices cpu,: an item is empty");
  refuses(["--data", "a", "--data="], 'Cannot use --data "": the path is empty');
  refuses(["--json="], 'Cannot use --json "": the value is empty');
});

Deno.test("parseFlags() takes the last of a flag that is given several times, whatever its spelling", () => {
  assert.equal(values("--batch", "1", "--batch", "2").batch, 2);
  const { values: parsed, given } = parseFlags(TABLE, ["--batch", "1", "--mini-batch-size", "2"]);
  assert.equal(parsed.batch, 2);
  assert.equal(given.get("batch"), "--mini-batch-size");
  assert.equal(values("--quiet", "--no-quiet").quiet, false);
});

Deno.test("parseFlags() gives words that stand after no flag to the flag that takes them", () => {
  const table = {
    ...TABLE,
    files: { type: "paths", positional: true, group: "Data", help: "Files" },
  } as const satisfies FlagTable;
  const { values, given } = parseFlags(table, ["a", "--batch", "2", "b", "--quiet", "c"]);
  assert.deepEqual(values.files, ["a", "b", "c"]);
  assert.equal(given.get("files"), "--files");
});

Deno.test("parseFlags() refuses words that belong to no flag", () => {
  refuses(
    ["train.txt"],
    'Cannot use "train.txt": it stands after no flag that takes it (names come before flags)',
  );
  refuses(
    ["--batch", "1", "2"],
    'Cannot use "2": it stands after no flag that takes it (names come before flags)',
  );
  refuses(
    ["--data", "a", "--", "b"],
    'Cannot use "b": it stands after no flag that takes it (names come before flags)',
  );
});

Deno.test("parseFlags() demands a required flag, but not beside --help", () => {
  const table = {
    data: { type: "path", required: true, group: "Input", help: "Click log" },
  } as const satisfies FlagTable;
  assert.throws(() => parseFlags(table, []), {
    message: "Cannot start without --data FILE: click log",
  });
  assert.equal(parseFlags(table, ["--help"]).help, true);
  assert.equal(parseFlags(table, ["--data", "x"]).values.data, "x");
});

Deno.test("parseFlags() answers any command line with values or a UserError", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--data", "--batch", "--quiet", "--bottom=1-2", "--", "-q", "--no-cache", "4"),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      try {
        parseFlags(TABLE, args);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { seed: 2, numRuns: 500 },
  );
});

Deno.test("parseFlags() refuses a table that defines a spelling twice", () => {
  const flag = { type: "boolean", group: "G", help: "H" } as const;
  assert.throws(
    () => parseFlags({ a: flag, b: { ...flag, aliases: ["a"] } }, []),
    new TypeError("Cannot build the flag table: --a is defined twice"),
  );
});

Deno.test("formatHelp() lists every flag with default and aliases, wrapped to the width", () => {
  const table = {
    data: { type: "paths", required: true, group: "Input", help: "Click logs" },
    batch: TABLE.batch,
    quiet: TABLE.quiet,
  } as const satisfies FlagTable;
  const help = formatHelp(table, {
    command: "deno task train",
    about: "Train a model",
    usage: "--data FILE… [flags]",
    examples: [["Small", "deno task train --data a"]],
    width: 60,
  });
  assert.equal(
    help,
    `Train a model

Usage: deno task train --data FILE… [flags]

Input
  --data FILE…              Click logs (required)

Training
  --batch N                 Inputs in a minibatch (default:
                            128) (also: --mini-batch-size)

Output
  -q, --quiet               Print only errors

Help
  -h, --help                Show this page
  --version                 Show versions and end

Examples
  # Small
  deno task train --data a
`,
  );
});

Deno.test("chooseCommand() picks a subcommand or names the nearest", () => {
  const names = ["prepare", "profile"] as const;
  assert.deepEqual(chooseCommand(names, ["profile", "--x"]), { name: "profile", rest: ["--x"] });
  assert.equal(chooseCommand(names, []).name, null);
  assert.equal(chooseCommand(names, ["-h"]).name, null);
  assert.throws(() => chooseCommand(names, ["profle"]), {
    name: "UserError",
    message: 'Cannot run "profle": did you mean profile?',
  });
  assert.throws(() => chooseCommand(names, ["zzz"]), {
    message: 'Cannot run "zzz": the commands are prepare, profile',
  });
});
