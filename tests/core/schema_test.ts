import assert from "node:assert/strict";
import {
  anyObject,
  byMember,
  checked,
  checkSchema,
  documentOf,
  fieldsOf,
  listOf,
  numberFrom,
  objectOf,
  objectWith,
  oneOf,
  orNull,
  type Schema,
  text,
  tupleOf,
  wholeFrom,
} from "../../core/schema.ts";

interface Point {
  readonly x: number;
  readonly y?: number;
}

const POINT: Schema<Point> = objectOf<Point>({ x: numberFrom(0) }, { y: numberFrom(0, 1) });

const cases: readonly [what: string, schema: Schema<unknown>, value: unknown, wrong: string][] = [
  ["a missing member", POINT, {}, "x is missing"],
  ["a member mistyped", POINT, { x: 1, z: 1 }, "z is no field of it"],
  [
    "a member nearly right",
    objectOf<{ width: number }>({ width: numberFrom(0) }),
    { widht: 1 },
    "widht is no field of it, did you mean width?",
  ],
  [
    "an optional member out of range",
    POINT,
    { x: 0, y: 2 },
    "y is 2 and must be a number from 0 to 1",
  ],
  ["a list for an object", POINT, [1], "it is a list of 1 and must be an object"],
  ["null for an object", POINT, null, "it is null and must be an object"],
  [
    "a member of a list",
    listOf(POINT),
    [{ x: 1 }, { x: "1" }],
    '[1].x is "1" and must be a number of at least 0',
  ],
  ["an empty list", listOf(text, 1), [], "it is [] and must be a list of 1 or more"],
  [
    "a list too long",
    listOf(text, 0, 1),
    ["", ""],
    "it is a list of 2 and must be a list of 0 to 1",
  ],
  ["a tuple of another length", tupleOf([text]), [], "it is [] and must be a list of 1"],
  [
    "a member of a tuple",
    tupleOf<unknown>([text, wholeFrom(1)]),
    ["", 0.5],
    "[1] is 0.5 and must be a whole number of at least 1",
  ],
  ["a word", oneOf(["a", "b"]), "c", 'it is "c" and must be one of a, b'],
  ["NaN", numberFrom(-Infinity), NaN, "it is NaN and must be a number"],
  [
    "an infinite number",
    numberFrom(0),
    Infinity,
    "it is Infinity and must be a number of at least 0",
  ],
  ["neither null nor a text", orNull(text), 5, "it is 5 and must be a text"],
  [
    "one of equal members",
    fieldsOf({ a: text, b: text }),
    { a: "", b: 1 },
    "b is 1 and must be a text",
  ],
  [
    "a kind that there is not",
    byMember<object>("kind", { a: anyObject, b: anyObject }),
    { kind: "c" },
    'kind is "c" and must be one of a, b',
  ],
  [
    "a member of the kind that is named",
    byMember<object>("kind", { a: anyObject, b: objectWith({ n: wholeFrom(1) }) }),
    { kind: "b", n: 0 },
    "n is 0 and must be a whole number of at least 1",
  ],
  ["a rule of one's own", checked(text, (t) => t === "" ? "is empty" : null), "", "it is empty"],
];

for (const [what, schema, value, wrong] of cases) {
  Deno.test(`${what} is named with its place`, () => {
    assert.throws(() => checkSchema(schema, value, "Cannot read a"), {
      name: "UserError",
      message: `Cannot read a: ${wrong}`,
    });
  });
}

Deno.test("another kind of document is refused as such, whatever its members", () => {
  const schema = documentOf<{ schema: string; schema_version: number; n: number }>(
    { schema: "one", version: 2, otherwise: "; make it again" },
    objectOf({ schema: text, schema_version: wholeFrom(0), n: wholeFrom(0) }),
  );
  const refused = (value: unknown, message: string) =>
    assert.throws(() => checkSchema(schema, value, "Cannot"), { message: `Cannot: ${message}` });
  refused({ schema: "other", m: 1 }, 'schema is "other" and must be "one"');
  refused({ schema: "one" }, "schema_version is missing");
  refused(
    { schema: "one", schema_version: 1 },
    "schema_version is 1 and this version reads 2; make it again",
  );
  refused({ schema: "one", schema_version: 2 }, "n is missing");
  checkSchema(schema, { schema: "one", schema_version: 2, n: 0 }, "Cannot");
});

Deno.test("what is checked comes back as it is", () => {
  const value = { x: 1, more: [1] };
  assert.equal(checkSchema(objectWith<Point>({ x: numberFrom(0) }), value, "Cannot"), value);
});

Deno.test("messages stay short and printable whatever the value", () => {
  let deep: unknown = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  const key = `a\u001b${"b".repeat(1000)}`;
  for (const value of [deep, { [key]: 1 }, "\u001b]0;x\u0007".repeat(1e5), { x: "\u202e" }]) {
    assert.throws(
      () =>
        checkSchema(objectOf<Point>({ x: numberFrom(0) }, { y: numberFrom(0) }), value, "Cannot"),
      // deno-lint-ignore no-control-regex -- what must not be there
      ({ message }: Error) => message.length < 300 && !/[\u0000-\u001f\u202e]/.test(message),
    );
  }
});
