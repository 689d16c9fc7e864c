/**
 * Scores of inputs as a file: number of the input, its label, the probability of a click. A name that ends in `.parquet` is
 * Parquet, any other CSV.
 *
 * @module
 */

import { WholeFile } from "../../core/files.ts";

/** Digits of a probability: those that a float32 has. */
const DIGITS = 7;

/** Writes scores as they come; the file appears when it is complete. */
export interface ScoresFile extends AsyncDisposable {
  /** Appends inputs, from 0 on in their order. */
  add(logits: Float32Array, labels: Float32Array): Promise<void>;
  /** Puts the file in its place. */
  commit(): Promise<void>;
}

/**
 * Begins a file of scores.
 *
 * @param labelled Whether the inputs have labels; without, there is no such column.
 * @throws {UserError} It cannot be written.
 */
export async function createScoresFile(path: string, labelled: boolean): Promise<ScoresFile> {
  return /\.parquet$/i.test(path)
    ? await ParquetScores.create(path, labelled)
    : await CsvScores.create(path, labelled);
}

class CsvScores implements ScoresFile {
  readonly #file: WholeFile;
  readonly #labelled: boolean;
  #inputs = 0;

  private constructor(file: WholeFile, labelled: boolean) {
    this.#file = file;
    this.#labelled = labelled;
  }

  static async create(path: string, labelled: boolean): Promise<CsvScores> {
    const file = await WholeFile.create(path);
    const scores = new CsvScores(file, labelled);
    await scores.#write(labelled ? "input,label,probability\n" : "input,probability\n");
    return scores;
  }

  async add(logits: Float32Array, labels: Float32Array): Promise<void> {
    const lines: string[] = [];
    for (let i = 0; i < logits.length; i++) {
      const probability = Number(probabilityOf(logits[i]!).toPrecision(DIGITS));
      const label = this.#labelled ? `${labels[i]},` : "";
      lines.push(`${this.#inputs++},${label}${probability}\n`);
    }
    await this.#write(lines.join(""));
  }

  async commit(): Promise<void> {
    await this.#file.commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  async #write(text: string): Promise<void> {
    await this.#file.write(new TextEncoder().encode(text));
  }
}

function probabilityOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Inputs that are kept until they are written together, as a row group. */
const GROUP_ROWS = 100_000;

type Parquet = Pick<
  typeof import("../../core/npm/hyparquet_writer.ts"),
  "ByteWriter" | "ParquetWriter"
>;

/** Columns `input` (INT64), `label` (INT32) and `probability` (DOUBLE), none with missing values. */
class ParquetScores implements ScoresFile {
  readonly #file: WholeFile;
  readonly #bytes: InstanceType<Parquet["ByteWriter"]>;
  readonly #writer: InstanceType<Parquet["ParquetWriter"]>;
  readonly #labelled: boolean;
  readonly #labels = new Int32Array(GROUP_ROWS);
  readonly #probabilities = new Float64Array(GROUP_ROWS);
  #rows = 0;
  #inputs = 0;

  private constructor(file: WholeFile, labelled: boolean, { ByteWriter, ParquetWriter }: Parquet) {
    this.#file = file;
    this.#labelled = labelled;
    this.#bytes = new ByteWriter();
    const columns = [
      ["input", "INT64"],
      ...(labelled ? [["label", "INT32"] as const] : []),
      ["probability", "DOUBLE"],
    ] as const;
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      createdBy: "slipstream",
      schema: [
        { name: "scores", num_children: columns.length },
        ...columns.map(([name, type]) => ({ name, type, repetition_type: "REQUIRED" as const })),
      ],
    });
  }

  static async create(path: string, labelled: boolean): Promise<ParquetScores> {
    const parquet = await import("../../core/npm/hyparquet_writer.ts");
    return new ParquetScores(await WholeFile.create(path), labelled, parquet);
  }

  async add(logits: Float32Array, labels: Float32Array): Promise<void> {
    for (let i = 0; i < logits.length; i++) {
      this.#labels[this.#rows] = labels[i]!;
      this.#probabilities[this.#rows] = probabilityOf(logits[i]!);
      if (++this.#rows === GROUP_ROWS) await this.#writeGroup();
    }
  }

  async commit(): Promise<void> {
    if (this.#rows > 0) await this.#writeGroup();
    this.#writer.finish();
    await this.#flush();
    await this.#file.commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  async #writeGroup(): Promise<void> {
    const rows = this.#rows, first = this.#inputs;
    const input = BigInt64Array.from({ length: rows }, (_, i) => BigInt(first + i));
    this.#writer.write({
      columnData: [
        { name: "input", data: input },
        ...(this.#labelled ? [{ name: "label", data: this.#labels.subarray(0, rows) }] : []),
        { name: "probability", data: this.#probabilities.subarray(0, rows) },
      ],
      rowGroupSize: GROUP_ROWS,
    });
    this.#inputs += rows;
    this.#rows = 0;
    await this.#flush();
  }

  /** Writes what the library has left in its buffer, which then begins anew; its offset counts on. */
  async #flush(): Promise<void> {
    await this.#file.write(this.#bytes.getBytes().slice());
    this.#bytes.index = 0;
  }
}
