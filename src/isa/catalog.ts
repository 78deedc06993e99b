// All instructions, in one list. The order of families does not matter; a form's position in `forms` is its identity
// for one build of the tables, so nothing outside a build may keep it.

import type { Form } from './form.ts';
import * as arithmetic from './general/arithmetic.ts';
import * as bitCounts from './general/bit-counts.ts';
import * as bitTests from './general/bit-tests.ts';
import * as branches from './general/branches.ts';
import * as conditional from './general/conditional.ts';
import * as conversions from './general/conversions.ts';
import * as division from './general/division.ts';
import * as doubleShifts from './general/double-shifts.ts';
import * as exchange from './general/exchange.ts';
import * as flagOperations from './general/flag-operations.ts';
import * as logic from './general/logic.ts';
import * as moves from './general/moves.ts';
import * as multiplication from './general/multiplication.ts';
import * as noOperation from './general/no-operation.ts';
import * as random from './general/random.ts';
import * as rotates from './general/rotates.ts';
import * as shifts from './general/shifts.ts';
import * as strings from './general/strings.ts';
import * as bitManipulation from './general/bit-manipulation.ts';
import * as decimalAdjustments from './general/decimal-adjustments.ts';
import * as longArithmetic from './general/long-arithmetic.ts';
import * as stackFrames from './general/stack-frames.ts';
import type { Instruction } from './instruction.ts';
import * as controlRegisters from './system/control-registers.ts';
import * as descriptorTables from './system/descriptor-tables.ts';
import * as farTransfers from './system/far-transfers.ts';
import * as floatingPointState from './system/floating-point-state.ts';
import * as interrupts from './system/interrupts.ts';
import * as ports from './system/ports.ts';
import * as processor from './system/processor.ts';
import * as segments from './system/segments.ts';
import * as fullMoves from './vector/full-moves.ts';
import * as scalarMoves from './vector/scalar-moves.ts';
import * as halfMoves from './vector/half-moves.ts';
import * as signMasks from './vector/sign-masks.ts';
import * as bitwise from './vector/bitwise.ts';
import * as laneArithmetic from './vector/lane-arithmetic.ts';
import * as interleave from './vector/interleave.ts';
import * as packedShifts from './vector/packed-shifts.ts';
import * as shuffles from './vector/shuffles.ts';
import * as multiplications from './vector/multiplications.ts';
import * as byteDifferences from './vector/byte-differences.ts';
import * as horizontal from './vector/horizontal.ts';
import * as signs from './vector/signs.ts';
import * as wideningMoves from './vector/widening-moves.ts';
import * as blends from './vector/blends.ts';
import * as laneMoves from './vector/lane-moves.ts';
import * as vectorTests from './vector/vector-tests.ts';
import * as stringComparison from './vector/string-comparison.ts';
import * as maskedStores from './vector/masked-stores.ts';
import * as vectorState from './vector/vector-state.ts';
import * as aes from './vector/aes.ts';
import * as carrylessMultiplication from './vector/carryless-multiplication.ts';
import * as sha1 from './vector/sha1.ts';
import * as sha256 from './vector/sha256.ts';
import * as floatArithmetic from './vector/float-arithmetic.ts';
import * as floatCompare from './vector/float-compare.ts';
import * as floatConversions from './vector/float-conversions.ts';
import * as floatHorizontal from './vector/float-horizontal.ts';
import * as x87Arithmetic from './x87/arithmetic.ts';
import * as x87Comparisons from './x87/comparisons.ts';
import * as x87Control from './x87/control.ts';
import * as x87Functions from './x87/functions.ts';
import * as x87Loads from './x87/loads.ts';
import * as x87Registers from './x87/registers.ts';
import * as x87Stores from './x87/stores.ts';

const families: readonly Record<string, unknown>[] = [
  arithmetic,
  bitCounts,
  bitTests,
  branches,
  conditional,
  conversions,
  division,
  doubleShifts,
  exchange,
  flagOperations,
  logic,
  moves,
  multiplication,
  noOperation,
  random,
  rotates,
  shifts,
  strings,
  bitManipulation,
  decimalAdjustments,
  longArithmetic,
  stackFrames,
  controlRegisters,
  descriptorTables,
  farTransfers,
  floatingPointState,
  interrupts,
  ports,
  processor,
  segments,
  fullMoves,
  scalarMoves,
  halfMoves,
  signMasks,
  bitwise,
  laneArithmetic,
  interleave,
  packedShifts,
  shuffles,
  multiplications,
  byteDifferences,
  horizontal,
  signs,
  wideningMoves,
  blends,
  laneMoves,
  vectorTests,
  stringComparison,
  maskedStores,
  vectorState,
  aes,
  carrylessMultiplication,
  sha1,
  sha256,
  floatArithmetic,
  floatCompare,
  floatConversions,
  floatHorizontal,
  x87Arithmetic,
  x87Comparisons,
  x87Control,
  x87Functions,
  x87Loads,
  x87Registers,
  x87Stores,
];

function isInstruction(value: unknown): value is Instruction {
  return typeof value === 'object' && value !== null && 'mnemonic' in value && 'forms' in value && 'meaning' in value;
}

/** Every declared instruction: each export of a family that is an instruction or a list of them. */
export const instructions: readonly Instruction[] = families.flatMap((family) =>
  Object.values(family)
    .flatMap((exported) => (Array.isArray(exported) ? exported : [exported]))
    .filter(isInstruction),
);

export const forms: readonly Form[] = instructions.flatMap((instruction) => instruction.forms);
