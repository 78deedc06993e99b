// A program as text, for whoever has to find out what went wrong with it.

import { disassemble } from '../../src/translate/disassemble.ts';
import type { StateImage } from '../instructions/state-image.ts';
import { AREA, type Assembled, type Intervention, type Program } from './program.ts';

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

function describeIntervention(intervention: Intervention, resolve: Assembled['resolve']): string {
  const after = `    after ${intervention.after} instructions`;
  const page = (number: number): string => (AREA + number * 0x1000).toString(16);
  switch (intervention.kind) {
    case 'write':
      return `${after} [${resolve(intervention).toString(16)}] = ${Buffer.from(intervention.bytes).toString('hex')}`;
    case 'interrupt':
      return `${after} interrupt ${intervention.number}`;
    case 'map':
      return `${after} page ${page(intervention.page)} lies in frame ${intervention.which}, INVLPG`;
    case 'enter':
      return `${after} space ${intervention.space}, PCID ${intervention.pcid}${intervention.keeps ? ', kept' : ''}`;
  }
}

export function describeProgram(program: Program, { code, places, resolve }: Assembled): string {
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
  const tables = pointers.map(
    ({ address, target }) => `    [${address.toString(16)}] = ${resolve(target).toString(16)}`,
  );
  const second = program.alternate.map(
    (change) => `    in frame 1: [${resolve(change).toString(16)}] = ${Buffer.from(change.bytes).toString('hex')}`,
  );
  const frames = (program.frames ?? []).map(
    (which, space) => `    space ${space}: pages from ${AREA.toString(16)} on lie in frames ${which.join(' ')}`,
  );
  const events = program.interventions.map((event) => describeIntervention(event, resolve));
  return [
    `    ${codeSize}-bit code, ${describeState(state, codeSize)}`,
    ...lines,
    ...tables,
    ...second,
    ...frames,
    ...events,
  ].join('\n');
}
