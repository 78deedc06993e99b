// Functions of ST(0), and of ST(0) and ST(1). SDM volume 2 "FCHS", "FABS", "F2XM1", "FYL2X", …

import type { CoreRoutine } from '../core-routines.ts';
import { constants, x87 } from './x87-instruction.ts';

const names: readonly (readonly [modrm: string, routine: CoreRoutine])[] = [
  ['e0', 'fchs'],
  ['e1', 'fabs'],
  ['f0', 'f2xm1'],
  ['f1', 'fyl2x'],
  ['f2', 'fptan'],
  ['f3', 'fpatan'],
  ['f4', 'fxtract'],
  ['f5', 'fprem1'],
  ['f8', 'fprem'],
  ['f9', 'fyl2xp1'],
  ['fa', 'fsqrt'],
  ['fb', 'fsincos'],
  ['fc', 'frndint'],
  ['fd', 'fscale'],
  ['fe', 'fsin'],
  ['ff', 'fcos'],
];

export const functions = names.map(([modrm, routine]) => x87(routine, [`d9 =${modrm}`], constants(routine)));
