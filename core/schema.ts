/**
 * Checks of JSON documents: schemas of Valibot whose messages say which field is wrong and what would be right.
 *
 * A message completes the sentence that begins with the field's path: `link.lanes is "16" and must be a number`.
 *
 * @module
 */

import { UserError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import * as v from "./npm/valibot.ts";
import { printable, showValue } from "./printable.ts";

/** A schema whose values have a type; what it gives is what it was given. */
export type Schema<T> = v.GenericSchema<unknown, T>;

type Issue = { readonly input: unknown };

/** The message of a value that is not what it must be: `a number`. */
function must(be: string): (issue: Issue) => string {
  return mustDo(`be ${be}`);
}

/** As `must` does, with another verb: `ascend`. */
function mustDo(rule: string): (issue: Issue) => string {
  return ({ input }) =>
    input === undefined ? "is missing" : `is ${showValue(input)} and must ${rule}`;
}

/**
 * Values that pass a test.
 *
 * @param rule What they must do: `be a number`.
 */
export function value<T>(passes: (value: unknown) => boolean, rule: string): Schema<T> {
  return v.custom<T>(passes, mustDo(rule));
}

/** One of some words. */
export function oneOf<const T extends string | number>(words: readonly T[]): Schema<T> {
  return v.picklist(
    words,
    must(words.length === 1 ? JSON.stringify(words[0]) : `one of ${words.join(", ")}`),
  );
}

/** A text, empty or not. */
export const text: Schema<string> = v.string(must("a text"));

/** A text that is not blank. */
export const words: Schema<string> = value(
  (found) => typeof found === "string" && found.trim() !== "",
  "be a text that is not empty",
);

/** True or false. */
export const flag: Schema<boolean> = v.boolean(must("true or false"));

/** A number that is finite, from `least` to `most`. */
export function numberFrom(least: number, most = Infinity): Schema<number> {
  return value(
    (found) =>
      typeof found === "number" && Number.isFinite(found) && found >= least && found <= most,
    least === -Infinity ? "be a number" : `be a number ${range(least, most)}`,
  );
}

/** A whole number from `least` to `most`. */
export function wholeFrom(least: number, most = Number.MAX_SAFE_INTEGER): Schema<number> {
  return value(
    (found) => Number.isSafeInteger(found) && found as number >= least && found as number <= most,
    `be a whole number ${range(least, most)}`,
  );
}

/** The value, or null in its place. */
export function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return v.nullable(schema);
}

/** A list of `least` to `most` values. */
export function listOf<T>(item: Schema<T>, least = 0, most = Infinity): Schema<T[]> {
  return v.pipe(
    value<unknown[]>(
      (found) => Array.isArray(found) && found.length >= least && found.length <= most,
      least === 0 && most === Infinity
        ? "be a list"
        : `be a list of ${
          least === most ? most : most === Infinity ? `${least} or more` : `${least} to ${most}`
        }`,
    ),
    v.array(item),
  );
}

/** A list whose values follow one schema each. */
export function tupleOf<T>(items: readonly Schema<T>[]): Schema<T[]> {
  const { length } = items;
  return v.pipe(
    value<unknown[]>(
      (found) => Array.isArray(found) && found.length === length,
      length === 0 ? "be []" : `be a list of ${length}`,
    ),
    v.tuple([...items], must(`a list of ${length}`)),
  ) as unknown as Schema<T[]>;
}

/** Any object. */
export const anyObject: Schema<Record<string, unknown>> = value(isObject, "be an object");

/** An object with any names, whose values follow a schema. */
export function recordOf<T>(item: Schema<T>): Schema<Record<string, T>> {
  return v.pipe(anyObject, v.record(v.string(), item)) as Schema<Record<string, T>>;
}

/** Schemas of the members that an object must have. */
export type Members<T> = { readonly [K in RequiredKeys<T>]: Schema<T[K]> };

/** Schemas of the members that an object may lack. */
export type OptionalMembers<T> = {
  readonly [K in OptionalKeys<T>]: Schema<Exclude<T[K], undefined>>;
};

// deno-lint-ignore ban-types -- what every object is assignable to
type OptionalKeys<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? K : never }[keyof T];
type RequiredKeys<T> = Exclude<keyof T, OptionalKeys<T>>;

/** An object of which some members are checked; others may be there as well. */
export function objectWith<T>(
  members: Partial<Members<T>>,
  optional: Partial<OptionalMembers<T>> = {},
): Schema<T> {
  const entries = Object.fromEntries(entriesOf(members, optional));
  return v.pipe(
    anyObject,
    v.looseObject(entries, must("an object")),
  ) as unknown as Schema<T>;
}

/** An object with these members and no others. A name that is not known comes first: it is often a missing one mistyped. */
export function objectOf<T>(
  members: Members<T>,
  ...[optional]: OptionalKeys<T> extends never ? [] : [OptionalMembers<T>]
): Schema<T> {
  return exactObject(entriesOf(members, optional ?? {})) as Schema<T>;
}

/** An object with members of these names, whose values are alike, and no others. */
export function fieldsOf<T>(
  members: Readonly<Record<string, Schema<T>>>,
): Schema<Readonly<Record<string, T>>> {
  return exactObject(new Map(Object.entries(members))) as Schema<Readonly<Record<string, T>>>;
}

function entriesOf(members: object, optional: object): Map<string, Schema<unknown>> {
  return new Map<string, Schema<unknown>>([
    ...Object.entries(members),
    ...Object.entries(optional).map((
      [name, schema],
    ) => [name, v.exactOptional(schema as Schema<unknown>)] as const),
  ]);
}

function exactObject(entries: ReadonlyMap<string, Schema<unknown>>): Schema<unknown> {
  return v.pipe(
    anyObject,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const name = Object.keys(dataset.value).find((key) => !entries.has(key));
      if (name === undefined) return;
      const near = nearest(name, [...entries.keys()]);
      addIssue({
        message: `is no field of it${near === null ? "" : `, did you mean ${near}?`}`,
        path: [pathItem(dataset.value, name)],
      });
    }),
    v.object(Object.fromEntries(entries), must("an object")),
  );
}

type Named = { readonly schema: string; readonly schema_version: number };

/** What distinguishes a kind of document and its version from others. */
export interface Identity {
  /** What its member `schema` must be. */
  readonly schema: string;
  /** What its member `schema_version` must be. */
  readonly version: number;
  /** What to do about another version, as the end of a sentence. */
  readonly otherwise?: string;
}

/** A document of one kind and version, which are checked before its other members: another kind of file has other ones. */
export function documentOf<T>(
  { schema, version, otherwise = "" }: Identity,
  document: Schema<T>,
): Schema<T> {
  return inTurn(
    objectWith<Named>({
      schema: oneOf([schema]),
      schema_version: v.custom<number>(
        (found) => found === version,
        ({ input }) => `is ${showValue(input)} and this version reads ${version}${otherwise}`,
      ),
    }),
    document,
  );
}

/** The schema that a value itself decides on. */
export function chosenBy<T>(choose: (found: unknown) => Schema<T>): Schema<T> {
  return v.lazy(choose);
}

/** An object of which one member, a word, says which schema it follows. */
export function byMember<T>(
  name: string,
  schemas: Readonly<Record<string, Schema<T>>>,
): Schema<T> {
  const byWord = new Map<unknown, Schema<T>>(Object.entries(schemas));
  return inTurn(
    objectWith<Record<string, unknown>>({ [name]: oneOf(Object.keys(schemas)) }),
    chosenBy((found) => byWord.get((found as Record<string, unknown>)[name])!),
  );
}

/** Two schemas of one value, of which the second is looked at where the first fits. */
export function inTurn<T>(first: Schema<unknown>, second: Schema<T>): Schema<T> {
  return v.pipe(first, second);
}

/** Adds a test of a whole value to its schema; `wrong` gives the end of the sentence on it, or null where nothing is wrong. */
export function checked<T>(schema: Schema<T>, wrong: (value: T) => string | null): Schema<T> {
  return v.pipe(
    schema,
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? wrong(dataset.value) : null;
      if (message !== null) addIssue({ message });
    }),
  );
}

/**
 * Checks a value. It comes back as it is, members that the schema does not name included.
 *
 * @param cannot How the message begins: `Cannot read run.json`.
 * @throws {UserError} Names the first field that is wrong.
 */
export function checkSchema<T>(schema: Schema<T>, value: unknown, cannot: string): T {
  const wrong = findWrong(schema, value);
  if (wrong !== null) throw new UserError(`${cannot}: ${wrong}`);
  return value as T;
}

/**
 * What is wrong with a value: `FIELD is VALUE and must be …`; null where nothing is.
 *
 * @param at Where the value itself lies in its document.
 */
export function findWrong(
  schema: Schema<unknown>,
  value: unknown,
  at: readonly string[] = [],
): string | null {
  const { issues } = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (issues === undefined) return null;
  const [{ path, message }] = issues;
  const field = formatPath([...at, ...path?.map(({ key }) => key) ?? []]);
  return `${field === "" ? "it" : field} ${message}`;
}

/** A place in a document: `runs[3].record.kind`. */
function formatPath(keys: readonly unknown[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${key}]`;
    const name = /^[\w-]{1,60}$/.test(String(key))
      ? String(key)
      : printable(showValue(String(key)));
    return path === "" ? name : `${path}.${name}`;
  }, "");
}

function range(least: number, most: number): string {
  return most === Infinity || most === Number.MAX_SAFE_INTEGER
    ? `of at least ${least}`
    : `from ${least} to ${most}`;
}

function isObject(found: unknown): boolean {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

function pathItem(input: Record<string, unknown>, key: string): v.IssuePathItem {
  return { type: "object", origin: "value", input, key, value: input[key] };
}
