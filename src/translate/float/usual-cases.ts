// All core routines that have a usual case.

import type { CoreRoutine } from '../../isa/core-routines.ts';
import type { Node } from '../ir.ts';
import { packedArithmetic } from './packed-arithmetic.ts';
import { packedConversions } from './packed-conversions.ts';
import { scalarArithmetic } from './scalar-arithmetic.ts';
import { scalarComparisons } from './scalar-comparisons.ts';
import { scalarConversions } from './scalar-conversions.ts';
import type { UsualCase } from './usual-case.ts';

const usualCases: Partial<Record<CoreRoutine, UsualCase>> = {
  ...scalarArithmetic,
  ...scalarComparisons,
  ...scalarConversions,
  ...packedArithmetic,
  ...packedConversions,
};

/** The usual case of a node that calls a core routine. */
export function usualCaseOf({ operation }: Node): UsualCase | undefined {
  return operation.op === 'core' ? usualCases[operation.routine] : undefined;
}
