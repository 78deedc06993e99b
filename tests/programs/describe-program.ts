// A program as text, for whoever has to find out what went wrong with it.

import { disassemble } from '../../src/translate/disassemble.ts';
import type { StateImage } from '../instructions/state-image.ts';
import { AREA, type Assembled, type Program } from './program.ts';

const names = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'];

function describeState(state: StateImage, codeSize: 32 | 64): string {
  const registers = Array.from(
    { length: codeSize === 64 ? 16 : 8 },
    (_, i) => `${names[i] ?? `r${i}`}=${state.register(i).toString(16)}`,
  );
  const units = [`rflags=${state.flags.toString(16)}`, `mxcsr=${state.mxcsr.toString(16)}`];
  units.push(`fcw=${state.fpuControl.toString(16)}`, `fsw=${state.fpuStatus.toString(16)}`);
  return [...registers, ...units].join(' ');
}

export function describeProgram(program: Program, { code, places }: Assembled): string {
  const { codeSize, steps, state, pointers } = program;
  const lines = steps.flatMap(({ bytes, label }, index) => {
    const start = places[index]! - AREA;
    const text = label === undefined ? [] : [`${label}:`];
    for (let at = start; at < start + bytes.length;) {
      const address = AREA + at;
      const { length, text: instruction } = disassemble(code, at, codeSize, BigInt(address));
      const hex = Buffer.from(code.subarray(at, at + length)).toString('hex');
      text.push(`    ${address.toString(16)}  ${hex.padEnd(30)}  ${instruction}`);
      at += length;
    }
    return text;
  });
  const tables = pointers.map(({ address, label }) => `    [${address.toString(16)}] = ${label}`);
  return [`    ${codeSize}-bit code, ${describeState(state, codeSize)}`, ...lines, ...tables].join('\n');
}
