import { scalarOperators } from './scalar-operators.ts';
import { vectorOperators } from './vector-operators.ts';
import type { BlockType, ReferenceType, ValueType } from './value-type.ts';

/** Every operator this folder can write and print, by its name in the text format. */
export const operators = { ...scalarOperators, ...vectorOperators } as const;

export type OperatorName = keyof typeof operators;

/** What follows the opcode of an operator. */
export type ImmediateKind = (typeof operators)[OperatorName][1];

type MemoryKind = `memory${0 | 1 | 2 | 3 | 4}`;
type MemoryLaneKind = `memoryLane${0 | 1 | 2 | 3}`;

/** The arguments of `Code`'s method for an operator with immediates of each kind. */
export type Immediates<Kind extends ImmediateKind> = Kind extends 'none' | 'memoryIndex' | 'memoryPair'
  ? []
  : Kind extends 'i32' | 'f32' | 'f64'
    ? [value: number]
    : Kind extends 'i64'
      ? [value: bigint | number]
      : Kind extends 'v128'
        ? [bytes: ArrayLike<number>]
        : Kind extends 'shuffle'
          ? [lanes: ArrayLike<number>]
          : Kind extends 'lane'
            ? [lane: number]
            : Kind extends MemoryKind
              ? [offset?: number, alignLog2?: number]
              : Kind extends MemoryLaneKind
                ? [offset: number, lane: number, alignLog2?: number]
                : Kind extends 'block'
                  ? [type?: BlockType]
                  : Kind extends 'label'
                    ? [depth: number]
                    : Kind extends 'labels'
                      ? [depths: ArrayLike<number>, defaultDepth: number]
                      : Kind extends 'indirect'
                        ? [type: number, table?: number]
                        : Kind extends 'reference'
                          ? [type: ReferenceType]
                          : Kind extends 'function' | 'local' | 'global' | 'table'
                            ? [index: number]
                            : never;

type CamelCase<Text extends string> = Text extends `${infer Head}${'.' | '_'}${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Text;

/** One method per operator: `i32.add` is `i32Add()`, `i64.load32_u` is `i64Load32U(offset)`. */
export type OperatorMethods = {
  [Name in OperatorName as CamelCase<Name>]: (...immediates: Immediates<(typeof operators)[Name][1]>) => void;
};

/** The name of the method that writes an operator. */
export function methodName(name: string): string {
  return name.replace(/[._](.)/g, (_, letter: string) => letter.toUpperCase());
}

/** What an operator pops and pushes; undefined where that depends on its immediate or on the stack. */
export interface Signature {
  readonly operands: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Reads the signature column of an operator's row. */
export function signatureOf(name: OperatorName): Signature | undefined {
  const text: string = operators[name][2];
  if (text === 'special') return undefined;
  const [operands, results] = text.split('->').map((side) => side.split(' ').filter((word) => word !== ''));
  return { operands: operands as ValueType[], results: results as ValueType[] };
}
