// Parts of programs that need more than an instruction: exceptions, uses of the stack, strings.

import type { Random } from '../instructions/random.ts';
import { counterAddress, dataAddress, DEVICE } from './plan.ts';
import type { Writer } from './writer.ts';

const RCX = 1;
const RDX = 2;
const RSI = 6;
const RDI = 7;

/** Something that raises an exception, always or mostly. */
export function emitTrap(random: Random, writer: Writer): void {
  // RDTSC, as another thing that asks the host.
  if (writer.plan.hasDevice && random.oneIn(3)) return writer.emit([0x0f, 0x31]);
  const is64 = writer.plan.codeSize === 64;
  const choices: readonly (readonly number[])[] = [
    [0x0f, 0x0b], // ud2
    [0xf4], // hlt
    [0xfa], // cli
    [0xe4, 0x60], // in al, 0x60
    [0x0f, 0x20, 0xc0], // mov rax, cr0
    [0x31, 0xd2, 0xf7, 0xf2], // xor edx, edx; div edx
    [0xf6, 0xf8 | random.below(4)], // idiv r8
    [0xf7, 0xf0 | random.below(4)], // div r32
    [0xf7, 0xf8 | random.below(4)], // idiv r32
    [0x0f, 0x00, 0xd0], // lldt ax
    ...(is64 ? [[0x48, 0xf7, 0xf0 | random.below(4)]] : [[0xce], [0xd4, random.below(3)]]),
  ];
  writer.emit(random.pick(choices));
}

/** Accesses to the device, in memory or as a port; and CLI and STI, which its interrupts heed. */
export function emitDevice(random: Random, writer: Writer): void {
  const { plan } = writer;
  const scratch = random.below(3);
  const size = random.pick([1, 2, 4, 4, plan.codeSize / 8]);
  const prefix = size === 2 ? [0x66] : size === 8 ? [0x48] : [];
  const wide = size > 1 ? 1 : 0;
  const address = DEVICE + random.below(64);
  const onDevice = (opcode: number, reg: number, immediate: readonly number[] = []): void =>
    writer.onMemory([...prefix, opcode | wide], reg, address, immediate);
  switch (random.below(8)) {
    case 0:
    case 1: // in, out
      return writer.emit([...(size === 2 ? [0x66] : []), random.pick([0xe4, 0xe6]) | wide, random.below(256)]);
    case 2: {
      writer.load(RDX, random.below(0x10000));
      return writer.emit([...(size === 2 ? [0x66] : []), random.pick([0xec, 0xee]) | wide]);
    }
    case 3: // add, or, …, cmp
      return onDevice(0x80, random.below(8), [
        random.below(128),
        ...Array.from({ length: wide * (Math.min(size, 4) - 1) }, () => random.below(128)),
      ]);
    case 4: // xchg
      return onDevice(0x86, scratch);
    case 5: // mov from
      return onDevice(0x8a, scratch);
    case 6:
      return writer.emit([random.oneIn(3) ? 0xfa : 0xfb]);
    default: // mov to
      return onDevice(0x88, scratch);
  }
}

/** LDMXCSR or FLDCW of a valid word, from where rounding and the like are others; or the x87 unit made empty. */
export function emitControl(random: Random, writer: Writer): void {
  const address = counterAddress(15);
  const word = (value: number): void => writer.onMemory([0xc7], 0, address, [value & 0xff, value >> 8, 0, 0]);
  switch (random.below(4)) {
    case 0:
      return writer.emit(
        random.pick([
          [0xdb, 0xe3],
          [0x0f, 0x77],
          [0xd9, 0xf6],
        ]),
      );
    case 1:
      word(
        0x40 | (random.oneIn(8) ? random.below(64) : 0x3f) | (random.pick([0, 2, 3]) << 8) | (random.below(4) << 10),
      );
      return writer.onMemory([0xd9], 5, address, []);
    default:
      word(
        (random.oneIn(8) ? random.below(0x1f80) : 0x1f80) | (random.below(4) << 13) | (random.oneIn(3) ? 0x8040 : 0),
      );
      return writer.onMemory([0x0f, 0xae], 2, address, []);
  }
}

/** PUSH and POP of registers, flags, constants and memory around something else. */
export function emitStackUse(random: Random, writer: Writer, between: () => void): void {
  const { plan } = writer;
  const short = random.oneIn(5) ? [0x66] : [];
  const registers = Array.from({ length: plan.codeSize === 64 ? 16 : 8 }, (_, register) => register);
  const source = random.pick(registers);
  const destination = random.pick(registers.filter((register) => !plan.reserved.has(register)));
  const memory = (): number => dataAddress(random, plan, plan.codeSize / 8);
  switch (random.below(7)) {
    case 0:
      writer.emit([...short, 0x9c]);
      break;
    case 1:
      // A constant of flags, mostly for POPF: CF PF AF ZF SF IF DF OF, now and then AC.
      writer.emit([0x68, (random.below(256) & 0xd5) | 2, random.below(16) & 0x0e, random.oneIn(4) ? 4 : 0, 0]);
      writer.emit([0x9d]);
      if (random.oneIn(2)) between();
      writer.emit([0x68, random.below(256) & 0xd5, 2, 0, 0]);
      return writer.emit([0x9d]);
    case 2:
      writer.emit(short.length > 0 ? [0x66, 0x68, random.below(256), random.below(256)] : [0x6a, random.below(256)]);
      break;
    case 3:
      writer.onMemory([...short, 0xff], 6, memory(), []);
      break;
    default:
      writer.emit([...short, ...(source >= 8 ? [0x41] : []), 0x50 | (source & 7)]);
  }
  between();
  switch (random.below(4)) {
    case 0:
      return writer.onMemory([...short, 0x8f], 0, memory(), []);
    default:
      writer.emit([...short, ...(destination >= 8 ? [0x41] : []), 0x58 | (destination & 7)]);
  }
}

/** A string instruction, mostly repeated, with its registers set. */
export function emitCopy(random: Random, writer: Writer): void {
  const { plan } = writer;
  if (!plan.hasStrings) return;
  const size = random.below(plan.codeSize === 64 ? 4 : 3);
  const operand = 1 << size;
  writer.load(RSI, dataAddress(random, plan, operand));
  writer.load(RDI, dataAddress(random, plan, operand));
  writer.load(RCX, random.below(random.pick([1, 12, 12, 60])));
  writer.emit([random.oneIn(3) ? 0xfd : 0xfc]);
  const opcode = random.pick([0xa4, 0xa6, 0xaa, 0xac, 0xae]) | (size > 0 ? 1 : 0);
  const repeat = random.pick([[], [0xf3], [0xf3], [0xf2]]);
  writer.emit([...(size === 1 ? [0x66] : []), ...repeat, ...(size === 3 ? [0x48] : []), opcode]);
  // SETcc: of a comparison, or with no repetition of what was before.
  if (random.oneIn(2)) writer.onMemory([0x0f, 0x90 | random.below(16)], 0, dataAddress(random, plan, 1), []);
}
