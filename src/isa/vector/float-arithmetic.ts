// Addition, subtraction, multiplication, division, square roots, minima, maxima and approximations of SSE elements.
// SDM volume 2 "ADDPS", "ADDSD", "RCPPS", …

import type { CoreRoutine } from '../core-routines.ts';
import type { Instruction } from '../instruction.ts';
import {
  binary,
  packedDouble,
  packedSingle,
  routine,
  scalarDouble,
  scalarSingle,
  unary,
  type FloatKind,
} from './float-forms.ts';

type Declare = typeof unary;

function declared(declare: Declare, name: string, opcode: string, kind: FloatKind, core: CoreRoutine): Instruction {
  const form = `${kind.prefix} 0f ${opcode} /r ${kind.operands}${kind.mark}`;
  return declare(name + kind.suffix, kind.feature, form, routine(core));
}

type FourKinds = 'add' | 'subtract' | 'multiply' | 'divide' | 'minimum' | 'maximum' | 'squareRoot';

function fourKinds(declare: Declare, name: string, opcode: string, core: FourKinds): Instruction[] {
  return [
    declared(declare, name, opcode, packedSingle, `${core}PackedSingle`),
    declared(declare, name, opcode, packedDouble, `${core}PackedDouble`),
    declared(declare, name, opcode, scalarSingle, `${core}ScalarSingle`),
    declared(declare, name, opcode, scalarDouble, `${core}ScalarDouble`),
  ];
}

export const arithmetic = [
  fourKinds(unary, 'sqrt', '51', 'squareRoot'),
  fourKinds(binary, 'add', '58', 'add'),
  fourKinds(binary, 'mul', '59', 'multiply'),
  fourKinds(binary, 'sub', '5c', 'subtract'),
  fourKinds(binary, 'min', '5d', 'minimum'),
  fourKinds(binary, 'div', '5e', 'divide'),
  fourKinds(binary, 'max', '5f', 'maximum'),
].flat();

export const approximations = [
  declared(unary, 'rsqrt', '52', packedSingle, 'reciprocalRootPacked'),
  declared(unary, 'rsqrt', '52', scalarSingle, 'reciprocalRootScalar'),
  declared(unary, 'rcp', '53', packedSingle, 'reciprocalPacked'),
  declared(unary, 'rcp', '53', scalarSingle, 'reciprocalScalar'),
];
