/**
 * What a schema's document must look like: each member by itself, and members of one column together. What columns, text
 * and split say of each other is checked in `read_schema.ts`.
 *
 * @module
 */

import {
  byMember,
  checked,
  chosenBy,
  flag,
  inTurn,
  listOf,
  numberFrom,
  objectOf,
  objectWith,
  oneOf,
  type OptionalMembers,
  type Schema,
  value,
  wholeFrom,
} from "../../core/schema.ts";
import {
  type CategoricalColumn,
  type CategoricalListColumn,
  type DenseColumn,
  type IdColumn,
  type IgnoredColumn,
  type LabelColumn,
  LOG_SCHEMA_VERSION,
  type LogColumn,
  type LogSchema,
  type PlacedColumn,
  type RowRule,
  type SequenceColumn,
  type SplitRule,
  type TextLayout,
  type TimeColumn,
} from "./log_schema.ts";
import { parseTime } from "./times.ts";

const MAX_ROWS = 2 ** 31;
/** Each place of a bag is a column of the cache. */
const MOST_LOOKUPS = 1024;
const MOST_COLUMNS = 4096;

const anyNumber = numberFrom(-Infinity);
const name: Schema<string> = value(
  (found) => typeof found === "string" && found !== "",
  "be a text that is not empty",
);
/** One character below 128 that does not mean anything else in text. */
const separator: Schema<string> = value(
  (found) =>
    typeof found === "string" && found.length === 1 && found.charCodeAt(0) < 128 &&
    !/["\r\n0-9a-zA-Z.+\-]/.test(found),
  "be one character that stands in no number or word",
);
const time: Schema<string> = value(
  (found) => typeof found === "string" && parseTime(found) !== null,
  "be an ISO 8601 time",
);
const share: Schema<number> = value(
  (found) => typeof found === "number" && found > 0 && found < 1,
  "be a share between 0 and 1",
);

const TEXT: Schema<TextLayout> = objectOf<TextLayout>(
  { separator, header: flag },
  { quotes: flag, trailing: oneOf(["exact", "stripped"]), decimal: oneOf([".", ","]) },
);

const PLACE: OptionalMembers<PlacedColumn> = { header: name, position: wholeFrom(1, MOST_COLUMNS) };

const ROW_RULES: Readonly<Record<string, Schema<RowRule>>> = {
  hash: objectOf<{ readonly hash: number }>({ hash: wholeFrom(1, MAX_ROWS) }),
  keep: objectOf<{ readonly keep: number }>({ keep: wholeFrom(1, MAX_ROWS) }),
};
const ROWS: Schema<RowRule> = chosenBy((found) => {
  const [key] = typeof found === "object" && found !== null ? Object.keys(found) : [];
  return ROW_RULES[key ?? ""] ??
    value<RowRule>((one) => one === "appearance", 'be "appearance", {"hash": N} or {"keep": N}');
});

const BOUNDS: Schema<readonly number[]> = checked(
  listOf(anyNumber, 1),
  (bounds) =>
    bounds.some((bound, i) => i > 0 && bound <= bounds[i - 1]!) ? "does not ascend" : null,
);

const IDS: OptionalMembers<IdColumn> = {
  ...PLACE,
  bits: value<32>(
    (found) => found === 32,
    "be 32, or be left out for ids of any length",
  ),
  bounds: BOUNDS,
  rows: ROWS,
  min_count: wholeFrom(0, 2 ** 32 - 1),
};
const SPELLING = oneOf(["text", "decimal", "hexadecimal", "buckets"]);

/** What is wrong with the members of a column of ids together, or null. */
function wrongIds({ ids, bits, bounds, rows, min_count }: IdColumn): string | null {
  if (bounds !== undefined && ids !== "buckets") return `has bounds, but ids are ${ids}`;
  if (bounds === undefined && ids === "buckets") return "has no bounds, and ids are buckets";
  if (bits !== undefined && ids !== "decimal" && ids !== "hexadecimal") {
    return `has bits, but ids are ${ids} and not decimal or hexadecimal`;
  }
  if (typeof rows !== "object") return null;
  if ("keep" in rows && ids !== "decimal") return `keeps ids, but they are ${ids} and not decimal`;
  if (bits !== undefined) return "has bits beside rows that are not by appearance; leave it out";
  return min_count === undefined
    ? null
    : "has min_count beside rows that are not by appearance; leave it out";
}

const COLUMN: Schema<LogColumn> = byMember<LogColumn>("kind", {
  label: objectOf<LabelColumn>({ name, kind: oneOf(["label"]) }, { ...PLACE, above: anyNumber }),
  dense: objectOf<DenseColumn>({ name, kind: oneOf(["dense"]) }, {
    ...PLACE,
    transform: oneOf(["none", "log", "standardise"]),
    missing: anyNumber,
  }),
  categorical: checked(
    objectOf<CategoricalColumn>({ name, kind: oneOf(["categorical"]), ids: SPELLING }, IDS),
    wrongIds,
  ),
  "categorical list": checked(
    objectOf<CategoricalListColumn>({
      name,
      kind: oneOf(["categorical list"]),
      ids: SPELLING,
      separator,
      most: wholeFrom(1, MOST_LOOKUPS),
    }, IDS),
    wrongIds,
  ),
  sequence: objectOf<SequenceColumn>({
    name,
    kind: oneOf(["sequence"]),
    of: name,
    separator,
    steps: wholeFrom(1, MOST_LOOKUPS - 1),
  }, PLACE),
  time: objectOf<TimeColumn>({
    name,
    kind: oneOf(["time"]),
    format: oneOf(["seconds", "milliseconds", "YYMMDDHH", "ISO 8601"]),
  }, { ...PLACE, dense: oneOf(["hour of day"]) }),
  ignored: objectOf<IgnoredColumn>({ name, kind: oneOf(["ignored"]) }, PLACE),
});

type Rule<By extends SplitRule["by"]> = Extract<SplitRule, { readonly by: By }>;

const leavesNone = ({ test, validation = 0 }: { test: number; validation?: number | undefined }) =>
  test + validation >= 1 ? "leaves nothing to train with" : null;

const SPLIT: Schema<SplitRule> = byMember<SplitRule>("by", {
  sevenths: objectOf<Rule<"sevenths">>({ by: oneOf(["sevenths"]) }),
  "last file": objectOf<Rule<"last file">>({ by: oneOf(["last file"]) }),
  random: objectOf<Rule<"random">>({ by: oneOf(["random"]) }),
  share: checked(
    objectOf<Rule<"share">>({ by: oneOf(["share"]), test: share }, { validation: share }),
    leavesNone,
  ),
  time: checked(
    objectOf<Rule<"time">>({ by: oneOf(["time"]), test_from: time }, { validation_from: time }),
    ({ test_from, validation_from }) =>
      validation_from !== undefined && parseTime(validation_from)! >= parseTime(test_from)!
        ? `has validation_from ${validation_from}, which is not before test_from ${test_from}`
        : null,
  ),
  user: checked(
    objectOf<Rule<"user">>(
      { by: oneOf(["user"]), column: name, test: share },
      { validation: share },
    ),
    leavesNone,
  ),
});

/** The document of a schema. */
export const LOG_SCHEMA: Schema<LogSchema> = inTurn(
  objectWith<Pick<LogSchema, "schema_version">>({ schema_version: oneOf([LOG_SCHEMA_VERSION]) }),
  objectOf<LogSchema>(
    {
      schema_version: oneOf([LOG_SCHEMA_VERSION]),
      name,
      columns: listOf(COLUMN, 1, MOST_COLUMNS),
    },
    { text: TEXT, missing: listOf(name), split: SPLIT },
  ),
);
