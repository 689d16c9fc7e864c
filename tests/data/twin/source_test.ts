import { strict as assert } from "node:assert";
import { UserError } from "../../../core/errors.ts";
import { openDataset } from "../../../data/open.ts";
import { DEFAULT_TWIN_INPUTS, parseTwinSource } from "../../../data/twin/source.ts";
import { inFolder } from "../rows.ts";

Deno.test("twins are named with or without a number of inputs", () => {
  assert.equal(parseTwinSource("train.txt"), null);
  const inputs = DEFAULT_TWIN_INPUTS;
  assert.deepEqual(parseTwinSource("twin:rm2"), { twin: "rm2", inputs });
  assert.deepEqual(parseTwinSource("twin:rm1:5e4"), { twin: "rm1", inputs: 50_000 });
  assert.deepEqual(parseTwinSource("twin:a/b.json"), { twin: "a/b.json", inputs });
  assert.deepEqual(parseTwinSource("twin:C:\\b.json:900"), { twin: "C:\\b.json", inputs: 900 });
  assert.deepEqual(
    parseTwinSource("twin:rm4,drift=10,effect=0.5:900"),
    { twin: "rm4", inputs: 900, driftDays: 10, effectExponent: 0.5 },
  );
  assert.deepEqual(
    parseTwinSource("twin:a/b.json,effect=0"),
    { twin: "a/b.json", inputs, effectExponent: 0 },
  );
});

Deno.test("openDataset() opens a twin and applies limit, seed and range", async () => {
  const dataset = await openDataset({
    data: ["twin:rm4:9000"],
    limit: 7000,
    seed: 5,
    maxIndexRange: 100,
  });
  assert.equal(dataset.count("train"), 6000);
  assert.equal(dataset.schema.format, "twin-rm4");
  assert.match(dataset.notes[0]!, /seed 5/);
  assert.ok(dataset.schema.tables.every(({ rows }) => rows <= 100));
  const whole = await openDataset({ data: ["twin:rm2"] });
  assert.equal(whole.count("train"), 2_000_000);
});

Deno.test("what is wrong with a named twin is one clear error", () =>
  inFolder(async (folder) => {
    const broken = `${folder}/broken.json`, other = `${folder}/other.json`;
    await Deno.writeTextFile(broken, "{");
    await Deno.writeTextFile(other, `{"version": 2, "name": "x", "inputs": 10}`);
    const cases: [Parameters<typeof openDataset>[0], RegExp][] = [
      [{ data: ["twin:rm9"] }, /^Cannot open twin "rm9": it is neither one of rm1, rm2, rm3, rm4/],
      [{ data: ["twin:"] }, /^Cannot open twin "": it is neither/],
      [{ data: ["twin:rm2:many"] }, /"many" is not a number of inputs \(write twin:rm2:1000000\)$/],
      [{ data: ["twin:rm4,drift"] }, /"drift" is neither drift=DAYS nor effect=EXPONENT$/],
      [{ data: ["twin:rm4,speed=1:90"] }, /"speed=1" is neither drift=DAYS nor effect=EXPONENT$/],
      [{ data: ["twin:rm2:0"] }, /"0" is not a number of inputs/],
      [{ data: ["twin:rm2:3"] }, /the number of inputs is 3, not an integer from 7/],
      [{ data: ["twin:rm2", "a.txt"] }, /^Cannot open twin:rm2: a twin stands alone/],
      [{ data: ["twin:rm2"], format: "avazu" }, /format is avazu, but a twin has its own$/],
      [{ data: ["twin:rm2"], minCount: 2 }, /a twin has no minimum count/],
      [{ data: ["twin:rm1"], leak: true }, /users of a twin that validate are never trained on$/],
      [
        { data: [`twin:${folder}/absent.json`] },
        /^Cannot read .*absent\.json: No such file or directory$/,
      ],
      [
        { data: [`twin:${broken}`] },
        /^Cannot read twin .*broken\.json: it is not JSON, or cut short \(/,
      ],
      [{ data: [`twin:${other}:100`] }, /^Cannot read twin .*other\.json: sample is missing$/],
    ];
    for (const [options, message] of cases) {
      await assert.rejects(openDataset(options), (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        return true;
      });
    }
  }));
