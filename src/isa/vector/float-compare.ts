// Comparisons of SSE elements, into masks and into RFLAGS. SDM volume 2 "CMPPS", "COMISS", "UCOMISS", …

import type { CoreRoutine } from '../core-routines.ts';
import type { Feature, Instruction } from '../instruction.ts';
import { binaryImmediate, floatInstruction, routine } from './float-forms.ts';

export const masks = [
  binaryImmediate('cmpps', 'sse', 'np 0f c2 /r Vx Wx Ib [aligned]', routine('comparePackedSingle')),
  binaryImmediate('cmppd', 'sse2', '66 0f c2 /r Vx Wx Ib [aligned]', routine('comparePackedDouble')),
  binaryImmediate('cmpss', 'sse', 'f3 0f c2 /r Vd Wd Ib', routine('compareScalarSingle')),
  binaryImmediate('cmpsd', 'sse2', 'f2 0f c2 /r Vq Wq Ib', routine('compareScalarDouble')),
];

/** The core gives ZF, PF and CF in their places; OF, SF and AF are cleared. */
function ordering(mnemonic: string, feature: Feature, form: string, core: CoreRoutine, quiet: 0 | 1): Instruction {
  return floatInstruction(mnemonic, feature, form, (m, left, right) => {
    const b = m.read(right);
    const flags = m.core(core, m.read(left), b, m.constant(quiet, 32));
    const clear = m.constant(0, 1);
    m.setFlags({ CF: m.bit(flags, 0), PF: m.bit(flags, 2), AF: clear, ZF: m.bit(flags, 6), SF: clear, OF: clear });
  });
}

export const orderings = [
  ordering('ucomiss', 'sse', 'np 0f 2e /r Vd Wd', 'orderScalarSingle', 1),
  ordering('ucomisd', 'sse2', '66 0f 2e /r Vq Wq', 'orderScalarDouble', 1),
  ordering('comiss', 'sse', 'np 0f 2f /r Vd Wd', 'orderScalarSingle', 0),
  ordering('comisd', 'sse2', '66 0f 2f /r Vq Wq', 'orderScalarDouble', 0),
];
