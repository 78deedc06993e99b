/** The types a WebAssembly value can have (core specification 2.0, section 2.3). */
export type ValueType = PlainType | ReferenceType;

/** The types of numbers and vectors. */
export type PlainType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** The types of what a table holds. */
export type ReferenceType = 'funcref' | 'externref';

/** The byte that stands for each type in a binary (core specification 2.0, section 5.3). */
export const valueTypeByte = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const satisfies Record<ValueType, number>;

/**
 * The type of a `block`, `loop` or `if`: nothing at all, one result, or the index of a function type that gives
 * parameters and results.
 */
export type BlockType = undefined | ValueType | number;

/** The type of a function. */
export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export function isFunctionType(
  type: FunctionType,
  parameters: readonly ValueType[],
  results: readonly ValueType[],
): boolean {
  return areSame(type.parameters, parameters) && areSame(type.results, results);
}

function areSame(some: readonly ValueType[], others: readonly ValueType[]): boolean {
  return some.length === others.length && some.every((type, index) => type === others[index]);
}

const wordOfByte = new Map<number, string>(Object.entries(valueTypeByte).map(([word, byte]) => [byte, word]));

/** The word of the text format for a type's byte in a binary. */
export function typeText(byte: number): string {
  return wordOfByte.get(byte) ?? `(; type 0x${byte.toString(16)} ;)`;
}
