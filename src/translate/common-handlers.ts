// Which handlers the interpreter's loop contains: nineteen out of twenty instructions that compilers, Python, Perl, a shell
// and the kernel beneath them execute go to one of these. A longer list makes the loop longer to compile and little else.

import type { HandlerVariant } from './handler-variant.ts';

/** Forms by mnemonic and encoding, with whatever their ModRM operand is. */
const anyOperand = `
  mov 88 /r Eb Gb, mov 89 /r Ev Gv, mov 8a /r Gb Eb, mov 8b /r Gv Ev, mov b8 +r Zv Iv, mov c6 /0 Eb Ib, mov c7 /0 Ev Iz
  movzx 0f b6 /r Gv Eb, movzx 0f b7 /r Gv Ew, movsx 0f be /r Gv Eb, movsxd 63 /r Gv Ed, lea 8d /r Gv M
  push 50 +r Zv, pop 58 +r Zv, call e8 Jz, call ff /2 Ev, ret c3, jmp e9 Jz, jmp eb Jbs, jmp ff /4 Ev
  cmp 38 /r Eb Gb, cmp 39 /r Ev Gv, cmp 3a /r Gb Eb, cmp 3b /r Gv Ev, cmp 3c AL Ib, cmp 3d rAX Iz
  cmp 80 /7 Eb Ib, cmp 81 /7 Ev Iz, cmp 83 /7 Ev Ibs, test 84 /r Eb Gb, test 85 /r Ev Gv, test a8 AL Ib, test f6 /0 Eb Ib
  add 01 /r Ev Gv, add 03 /r Gv Ev, add 83 /0 Ev Ibs, sub 2b /r Gv Ev, sub 83 /5 Ev Ibs, inc ff /0 Ev, dec ff /1 Ev
  xor 33 /r Gv Ev, and 23 /r Gv Ev, setz 0f 94 /r Eb, setnz 0f 95 /r Eb
  nop 0f 1f /r E, movups np 0f 11 /r Wx Vx, movaps np 0f 29 /r Wx Vx, movdqu f3 0f 6f /r Vx Wx, movdqa 66 0f 6f /r Vx Wx`;

/** The same, but only with register operands. */
const registersAlone = `
  add 81 /0 Ev Iz, sub 29 /r Ev Gv, sub 81 /5 Ev Iz, imul 0f af /r Gv Ev, test f7 /0 Ev Iz
  and 21 /r Ev Gv, and 25 rAX Iz, and 81 /4 Ev Iz, and 83 /4 Ev Ibs, or 09 /r Ev Gv, xor 31 /r Ev Gv
  shl c1 /4 Ev Ib, shl d3 /4 Ev CL, shr c1 /5 Ev Ib, shr d3 /5 Ev CL, sar c1 /7 Ev Ib, pxor 66 0f ef /r Vx Wx`;

const listed = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s*[,\n]\s*/));
const withAnyOperand = listed(anyOperand);
const withRegisters = listed(registersAlone);

/** The opcodes of Jcc: 70…7f, and 0f 80…0f 8f. */
const conditionalJump = /^(?:7|0f 8)[0-9a-f] J/;

/** With operands of 16 bits: for compilers that keep what kind a node is in so many. */
const narrow = listed('cmp 81 /7 Ev Iz, cmp 83 /7 Ev Ibs, mov 89 /r Ev Gv');

/** True for a handler that is worth a place in the loop. */
export function isCommon({ form, operandSize, memory, environment, repetition }: HandlerVariant): boolean {
  if (environment === 'segmented' || repetition !== 'none') return false;
  const name = `${form.instruction.mnemonic} ${form.text.replace(/ \[.*/, '')}`;
  if (operandSize === 16) return narrow.has(name);
  return conditionalJump.test(form.text) || withAnyOperand.has(name) || (!memory && withRegisters.has(name));
}
