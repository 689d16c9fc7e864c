import assert from "node:assert/strict";
import { inFolder } from "../data/rows.ts";
import { fail, readJson, succeed, TINY, trainToJson } from "./command.ts";
import { writeClicks } from "./criteo_file.ts";

interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Reads a safetensors file by its specification: length of the header, header, bytes. */
async function readSafetensors(
  path: string,
): Promise<{ tensors: Map<string, Tensor>; data: Uint8Array }> {
  const bytes = await Deno.readFile(path);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  delete header.__metadata__;
  return {
    tensors: new Map(Object.entries(header) as [string, Tensor][]),
    data: bytes.subarray(8 + length),
  };
}

Deno.test("train --save writes safetensors named as in a DLRM state_dict", () =>
  inFolder(async (folder) => {
    const save = `${folder}/weights`;
    const args = ["--data", await writeClicks(folder, 700), "--save", save, ...TINY];
    const { model } = await trainToJson(folder, [...args, "--optimizer", "adagrad"]);
    for (const [name, perRow] of [["model", 4], ["optimizer", 4]] as const) {
      const { tensors, data } = await readSafetensors(`${save}/${name}.safetensors`);
      const shapes: Record<string, readonly number[]> = {
        "bot_l.0.weight": [8, 13],
        "bot_l.0.bias": [8],
        "bot_l.2.weight": [4, 8],
        "bot_l.2.bias": [4],
        "top_l.0.weight": [8, 355],
        "top_l.0.bias": [8],
        "top_l.2.weight": [1, 8],
        "top_l.2.bias": [1],
      };
      for (const [t, rows] of model.table_rows.entries()) {
        shapes[`emb_l.${t}.weight`] = [rows, perRow];
      }
      assert.deepEqual([...tensors.keys()].sort(), Object.keys(shapes).sort());
      let end = 0;
      const inOrder = [...tensors].sort((a, b) => a[1].data_offsets[0] - b[1].data_offsets[0]);
      for (const [tensor, { dtype, shape, data_offsets }] of inOrder) {
        assert.equal(dtype, "F32");
        assert.deepEqual(shape, shapes[tensor], tensor);
        assert.equal(data_offsets[0], end, tensor);
        end = data_offsets[1];
        assert.equal(end - data_offsets[0], 4 * shape.reduce((a, b) => a * b, 1), tensor);
      }
      assert.equal(data.length, end);
    }
    const document = await readJson<Record<string, unknown>>(`${save}/model.json`);
    assert.equal(document.schema_version, 1);
    assert.deepEqual(document.table_rows, model.table_rows);
  }));

for (const optimizer of ["sgd", "adagrad", "rowwise-adagrad"]) {
  Deno.test(`train --init goes on where --save left off, bit by bit (${optimizer})`, () =>
    inFolder(async (folder) => {
      const args = [
        ...["--data", await writeClicks(folder, 500), "--data-order", "none"],
        ...["--optimizer", optimizer, ...TINY],
      ];
      const weights = (name: string): string => `${folder}/${name}`;
      const train = (...more: string[]) => trainToJson(folder, [...args, ...more]);
      const whole = await train("--epochs", "2", "--save", weights("whole"));
      const first = await train("--save", weights("first"));
      // Another seed changes nothing, since nothing is drawn.
      const second = await train(
        ...["--init", weights("first"), "--save", weights("second"), "--seed", "9"],
      );
      assert.deepEqual([...first.losses, ...second.losses], whole.losses);
      assert.deepEqual(second.metrics, whole.metrics);
      for (const file of ["model.safetensors", "optimizer.safetensors"]) {
        const [a, b] = await Promise.all(
          ["whole", "second"].map((name) => Deno.readFile(`${weights(name)}/${file}`)),
        );
        assert.ok(Buffer.from(a!).equals(b!), file);
      }
    }));
}

Deno.test("train --init says what is wrong with a folder in one line", () =>
  inFolder(async (folder) => {
    const save = `${folder}/weights`, file = `${save}/model.safetensors`;
    const args = ["--data", await writeClicks(folder, 140), "--cache", `${folder}/cache`, ...TINY];
    await succeed("train", [...args, "--save", save]);
    const { err } = await succeed("train", [...args, "--init", save, "--optimizer", "adagrad"]);
    assert.match(err, /^Weights from .*; the adagrad state starts at zero$/m);

    const init = [...args, "--init", save];
    const wider = init.map((word) => ({ "13-8-4": "13-9-4" })[word] ?? word);
    await fail("train", wider, 1, /tensor bot_l\.0\.weight has shape .*8.*13.* must/);
    await fail("train", [...args, "--init", `${folder}/absent`], 1, /No such file or directory$/);
    const bytes = await Deno.readFile(file);
    await Deno.writeFile(file, bytes.subarray(0, bytes.length - 5));
    await fail("train", init, 1, /model\.safetensors: it is cut short: it has \d+ bytes and needs/);
    await Deno.writeFile(file, new Uint8Array(5));
    await fail("train", init, 1, /Cannot read .*model\.safetensors: /);
  }));
