/**
 * The kinds of a saved field. A field turns a value of a device's state into plain data (numbers,
 * booleans, strings, arrays, objects: what JSON holds) and back, and refuses what does not fit.
 */
export type PlainData = null | boolean | number | string | readonly PlainData[] | { readonly [key: string]: PlainData };

export interface StateField<T> {
  /** The type as the documentation shows it, such as `u8` or `u32[24]`. */
  readonly type: string;
  /** What the field is, for the documentation and traces. */
  readonly description: string;
  /** The value after power-on, made anew for each call. */
  initial(): T;
  encode(value: T): PlainData;
  /** Throws an `Error` that says what was expected; the schema adds the field's path. */
  decode(data: PlainData | undefined): T;
}

export type FieldValue<F> = F extends StateField<infer T> ? T : never;

const show = (data: PlainData | undefined): string => {
  const text = JSON.stringify(data) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

const expected = (what: string, data: PlainData | undefined): Error =>
  new Error(`expected ${what}, found ${show(data)}`);

const unsigned = (bits: 8 | 16 | 32, description: string, initial: number): StateField<number> => ({
  type: `u${bits}`,
  description,
  initial: () => initial,
  encode: (value) => value,
  decode(data) {
    if (typeof data !== 'number' || !Number.isInteger(data) || data < 0 || data >= 2 ** bits) {
      throw expected(`an unsigned ${bits}-bit number`, data);
    }
    return data;
  },
});

export const u8 = (description: string, initial = 0): StateField<number> => unsigned(8, description, initial);
export const u16 = (description: string, initial = 0): StateField<number> => unsigned(16, description, initial);
export const u32 = (description: string, initial = 0): StateField<number> => unsigned(32, description, initial);

/** A 64-bit number, a bigint in memory and a hexadecimal string when saved. */
export const u64 = (description: string, initial = 0n): StateField<bigint> => ({
  type: 'u64',
  description,
  initial: () => initial,
  encode: (value) => `0x${BigInt.asUintN(64, value).toString(16)}`,
  decode(data) {
    if (typeof data !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(data))
      throw expected('a 64-bit hexadecimal string', data);
    return BigInt(data);
  },
});

export const bool = (description: string, initial = false): StateField<boolean> => ({
  type: 'bool',
  description,
  initial: () => initial,
  encode: (value) => value,
  decode(data) {
    if (typeof data !== 'boolean') throw expected('true or false', data);
    return data;
  },
});

/** A finite double: an instant or a span in nanoseconds, or a count beyond 32 bits. May be negative. */
export const f64 = (description: string, initial = 0): StateField<number> => ({
  type: 'f64',
  description,
  initial: () => initial,
  encode: (value) => value,
  decode(data) {
    if (typeof data !== 'number' || !Number.isFinite(data)) throw expected('a finite number', data);
    return data;
  },
});

/** An instant in nanoseconds since power-on that may be `NEVER`, which is saved as null. */
export const deadline = (description: string): StateField<number> => ({
  type: 'deadline',
  description,
  initial: () => Infinity,
  encode: (value) => (value === Infinity ? null : value),
  decode(data) {
    if (data === null) return Infinity;
    if (typeof data !== 'number' || !Number.isFinite(data)) throw expected('a number of nanoseconds or null', data);
    return data;
  },
});

/** A byte array of fixed length, saved as a hexadecimal string. */
export const bytes = (length: number, description: string): StateField<Uint8Array> => ({
  type: `bytes[${length}]`,
  description,
  initial: () => new Uint8Array(length),
  encode: hexadecimal,
  decode(data) {
    if (typeof data !== 'string' || data.length !== length * 2) throw expected(`${length} bytes in hexadecimal`, data);
    return fromHexadecimal(data);
  },
});

/** A queue of at most `limit` bytes, saved as a hexadecimal string. */
export const byteQueue = (limit: number, description: string): StateField<number[]> => ({
  type: `queue[${limit}]`,
  description,
  initial: () => [],
  encode: (value) => hexadecimal(Uint8Array.from(value)),
  decode(data) {
    if (typeof data !== 'string' || data.length > limit * 2)
      throw expected(`at most ${limit} bytes in hexadecimal`, data);
    return [...fromHexadecimal(data)];
  },
});

/** Exactly `length` values of one kind. */
export const list = <T>(length: number, element: StateField<T>): StateField<T[]> => ({
  type: `${element.type}[${length}]`,
  description: element.description,
  initial: () => Array.from({ length }, () => element.initial()),
  encode: (value) => value.map((item) => element.encode(item)),
  decode(data) {
    if (!Array.isArray(data) || data.length !== length) throw expected(`an array of ${length}`, data);
    return data.map((item: PlainData, index) => nested(`[${index}]`, () => element.decode(item)));
  },
});

/** Plain data of a shape that only its owner knows, and checks. */
export const plain = (description: string): StateField<PlainData> => ({
  type: 'plain',
  description,
  initial: () => null,
  encode: (value) => value,
  decode(data) {
    if (data === undefined) throw expected('plain data', data);
    return data;
  },
});

export type Fields = Readonly<Record<string, StateField<never> | StateField<any>>>; // oxlint-disable-line no-explicit-any -- any kind of field
export type RecordOf<F extends Fields> = { -readonly [K in keyof F]: FieldValue<F[K]> };

/** A group of named fields. Every name has to be there, and no other. */
export const record = <F extends Fields>(description: string, fields: F): StateField<RecordOf<F>> => ({
  type: 'record',
  description,
  initial: () => mapFields(fields, (field) => field.initial()) as RecordOf<F>,
  encode: (value) => mapFields(fields, (field, key) => field.encode(value[key as keyof F] as never)) as PlainData,
  decode(data) {
    if (data === null || typeof data !== 'object' || Array.isArray(data)) throw expected('an object', data);
    const found = data as { readonly [key: string]: PlainData };
    for (const key of Object.keys(found)) {
      if (!Object.hasOwn(fields, key)) throw new Error(`unknown field '${key}'`);
    }
    return mapFields(fields, (field, key) => nested(`.${key}`, () => field.decode(found[key]))) as RecordOf<F>;
  },
});

const mapFields = (fields: Fields, map: (field: StateField<never>, key: string) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, map(field as StateField<never>, key)]));

const nested = <T>(path: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    const { message } = error as Error;
    throw new Error(/^[.[]/.test(message) ? path + message : `${path}: ${message}`, { cause: error });
  }
};

function hexadecimal(value: Uint8Array): string {
  return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHexadecimal(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw expected('bytes in hexadecimal', text);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
