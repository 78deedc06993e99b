// Accesses near each other through pointers that change in between: what a translator may do with one look into the TLB.

import type { Random } from '../instructions/random.ts';
import { dataAddress } from './plan.ts';
import { little, type Writer } from './writer.ts';

/** Pointers and what is moved: registers that no program relies on. */
const scratch = [0, 1, 2] as const;
const NEAR = 48;

/** Writes a walk: its pointers stay near where they began. */
export function emitWalk(random: Random, writer: Writer): void {
  const is64 = writer.plan.codeSize === 64;
  const wide = is64 ? [0x48] : [];
  const first = random.below(3);
  const [pointer, other, value] = [0, 1, 2].map((i) => scratch[(first + i) % 3]!) as [number, number, number];
  const start = dataAddress(random, writer.plan, 16);
  writer.load(pointer, start);
  writer.load(other, start + random.below(NEAR));
  for (let count = 4 + random.below(8); count > 0; count--) {
    if (random.oneIn(3)) emitMove(random, writer, wide, pointer, other);
    else
      emitAccess(
        random,
        writer,
        wide,
        { base: random.oneIn(4) ? other : pointer, plus: random.below(2 * NEAR) - NEAR },
        value,
      );
  }
}

function emitAccess(
  random: Random,
  writer: Writer,
  wide: readonly number[],
  address: { readonly base: number; readonly plus: number },
  value: number,
): void {
  switch (random.below(6)) {
    case 0:
      return writer.onMemory([...wide, 0x8b], value, address, []);
    case 1:
      return writer.onMemory([0x0f, random.pick([0xb6, 0xb7, 0xbe, 0xbf])], value, address, []);
    case 2:
      return writer.onMemory([...wide, random.pick([0x01, 0x89, 0x87])], value, address, []);
    case 3:
      return writer.onMemory([0x88], value, address, []);
    case 4:
      return writer.onMemory([0x83], random.below(8), address, [random.below(256)]);
    default:
      return writer.onMemory([0x66, 0x0f, random.pick([0x6e, 0x7e])], random.below(8), address, []);
  }
}

/** Changes one of two pointers. */
function emitMove(random: Random, writer: Writer, wide: readonly number[], pointer: number, other: number): void {
  const [to, from] = random.oneIn(3) ? [other, pointer] : [pointer, other];
  const step = random.below(17) - 8;
  const byte = step & 0xff;
  switch (random.below(10)) {
    case 0:
      return writer.emit([...wide, 0x83, 0xc0 | to, byte]);
    case 1:
      return writer.emit([...wide, 0x81, 0xe8 | to, ...little(step)]);
    case 2:
      // LEA
      return writer.emit([...wide, 0x8d, 0x40 | (to << 3) | from, byte]);
    case 3:
      return writer.emit([...wide, 0x89, 0xc0 | (from << 3) | to]);
    case 4:
      // XCHG
      return writer.emit([...wide, 0x87, 0xc0 | (from << 3) | to]);
    case 5:
      // CMOVcc
      return writer.emit([...wide, 0x0f, 0x40 | random.below(16), 0xc0 | (to << 3) | from]);
    case 6:
      // INC of the lowest byte.
      return writer.emit([0xfe, 0xc0 | to]);
    case 7:
      return writer.emit([0x50 | from, 0x58 | to]);
    case 8: {
      // The pointer changes on one of two ways.
      const end = writer.label();
      writer.jumpIf(random.below(16), end, true);
      writer.emit([...wide, 0x83, 0xc0 | to, byte]);
      return writer.mark(end);
    }
    default:
      // CMPXCHG, which changes one of two registers; or an addition in 32 bits.
      if (random.oneIn(2)) return writer.emit([...wide, 0x0f, 0xb1, 0xc0 | (from << 3) | to]);
      return writer.emit([0x83, 0xc0 | to, byte]);
  }
}
