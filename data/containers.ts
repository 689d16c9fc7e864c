/**
 * What a file is, by its first bytes.
 *
 * @module
 */

/** Containers that are read; `arrays` are those that other projects have prepared. */
export type Container = "text" | "gzip" | "zstd" | "parquet" | "arrow" | "arrays";

/** Bytes to look at. The mark of tar is the farthest from the beginning. */
export const MAGIC_BYTES = 265;

const ZIP = [0x50, 0x4b, 0x03, 0x04];
const NPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const FEA1 = [0x46, 0x45, 0x41, 0x31];
const ORC = [0x4f, 0x52, 0x43];
/** Marks that are words, and tell a file only where what follows is no text. */
const WORDS: readonly (readonly number[])[] = [FEA1, ORC];

const MARKS: readonly (readonly [container: Container, magic: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["parquet", [0x50, 0x41, 0x52, 0x31]],
  // ARROW1: an Arrow IPC file, which is Feather of version 2 too.
  ["arrow", [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31]],
  // The stream of Arrow IPC begins with a continuation mark.
  ["arrow", [0xff, 0xff, 0xff, 0xff]],
];

/** What a file is that must be made something else first, and how: "it is …; …". */
const OTHERS: readonly (readonly [magic: readonly number[], what: string, hint: string])[] = [
  [ZIP, "a zip archive", "unpack it with unzip"],
  [[0x42, 0x5a, 0x68], "compressed with bzip2", "unpack it with bunzip2"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "compressed with xz", "unpack it with unxz"],
  [[0x04, 0x22, 0x4d, 0x18], "compressed with lz4", "unpack it with unlz4"],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7z archive", "unpack it with 7z x"],
  [[0x52, 0x61, 0x72, 0x21], "a rar archive", "unpack it with unrar x"],
  [[0xff, 0xfe], "text in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"],
  [[0xfe, 0xff], "text in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"],
  [FEA1, "a Feather file of version 1", "write it anew as version 2"],
  [[0x89, 0x48, 0x44, 0x46], "an HDF5 file", "write its rows as Parquet or CSV"],
  [ORC, "an ORC file", "write its rows as Parquet"],
  [[0x4f, 0x62, 0x6a, 0x01], "an Avro file", "write its rows as Parquet"],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], "an SQLite database", "write its rows as CSV"],
  [[0x80, 0x03], "a Python pickle", "write its rows as Parquet or CSV"],
  [[0x80, 0x04], "a Python pickle", "write its rows as Parquet or CSV"],
  [[0x80, 0x05], "a Python pickle", "write its rows as Parquet or CSV"],
];

const TAB = 9;
const USTAR = [0x75, 0x73, 0x74, 0x61, 0x72];
const USTAR_AT = 257;

/**
 * The container that begins with some bytes; anything else is text.
 *
 * @param name The file's, which tells archives of arrays (`.npz`) from others, and bare numbers (`.bin`) from what is none.
 */
export function containerOf(head: Uint8Array, name: string): Container {
  if (startsWith(head, NPY)) return "arrays";
  if (startsWith(head, ZIP) && /\.npz$/i.test(name)) return "arrays";
  if (/\.bin$/i.test(name) && containerOf(head, "") === "text" && head.includes(0)) return "arrays";
  return MARKS.find(([, magic]) => startsWith(head, magic))?.[0] ?? "text";
}

/**
 * What a file, or the text of a compressed one, is that cannot be read, as the end of a sentence: "it is a zip archive;
 * unpack it with unzip first". Null for what may be read.
 *
 * @param head The first {@link MAGIC_BYTES}, or all there are.
 * @param within The compression that the bytes come out of, if any.
 */
export function unreadable(head: Uint8Array, within: "gzip" | "zstd" | null): string | null {
  const around = within === null ? "" : ` in ${within}`;
  if (startsWith(head.subarray(USTAR_AT), USTAR)) {
    return `it is a tar archive${around}; unpack it with tar xf first`;
  }
  // A header may begin with a word such as ORCID.
  const plain = !head.some((byte) => byte < TAB);
  const other = OTHERS.find(([magic]) =>
    startsWith(head, magic) && !(plain && WORDS.includes(magic))
  );
  if (other !== undefined) return `it is ${other[1]}${around}; ${other[2]} first`;
  const container = containerOf(head, "");
  if (within !== null && container !== "text") {
    return `it is ${
      container === "arrow" ? "an Arrow" : container === "arrays" ? "a NumPy" : `a ${container}`
    } file${around}; unpack it with ${within === "gzip" ? "gunzip" : "unzstd"} first`;
  }
  if (container === "text" && head.includes(0)) {
    return `it is no text${around}: byte ${head.indexOf(0)} is 0`;
  }
  return null;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.length <= bytes.length && magic.every((byte, i) => bytes[i] === byte);
}
