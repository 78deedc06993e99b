// What the guest does about exceptions: notes each one, then goes on behind the instruction that raised it; and about
// interrupts, which it only notes. Only INT3 ends a program: its handler is the HLT of guest-tables.ts.

import { guestPhysical } from '../../src/base/address.ts';
import type { DomainMemory } from '../../src/memory/domain-memory.ts';
import { IDT, SYSTEM, SYSTEM_TABLE } from '../instructions/guest-tables.ts';
import { CODE } from '../instructions/state-image.ts';
import { INTERRUPTS } from './board.ts';
import { ALIAS, AREA, AREA_SIZE, COPIES } from './program.ts';

const PAGE = 4096;
// Guest-physical addresses; the system's half maps them.
/** u32: how many exceptions there were; from LOG_ENTRIES on 64 bytes for each of the last MOST_FAULTS. */
const LOG = 0x30000;
const LOG_ENTRIES = LOG + 64;
const ENTRY_SIZE = 64;
const LENGTHS = 0x42000;
const STUBS = 0x48000;
const COMMON = STUBS + 0x400;
const END = 0x49000;
const STUB_SIZE = 16;
const VECTORS = 32 + INTERRUPTS;
const BREAKPOINT = 3;
export const MOST_FAULTS = 1024;

const PRESENT_WRITABLE_USED = 0x63;
/** Where programs go that came to an exception elsewhere than at one of their instructions: an INT3. */
export const LOST = CODE + 0x100;

const withErrorCode: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);
const PAGE_FAULT = 14;

/** An exception of a program. */
export interface Fault {
  readonly vector: number;
  readonly error: number;
  readonly rip: bigint;
  /** CR2, of a page fault. */
  readonly address: bigint;
  readonly flags: number;
  readonly rsp: bigint;
}

const little = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

/** On the stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. */
const common = [
  [0x50, 0x51, 0x53], // push rax; push rcx; push rbx
  [0x48, 0xbb, ...little(SYSTEM + BigInt(LOG), 8)], // mov rbx, LOG
  [0x8b, 0x03], // mov eax, [rbx]
  [0xff, 0x03], // inc dword [rbx]
  [0x25, ...little(BigInt(MOST_FAULTS - 1), 4)], // and eax, MOST_FAULTS - 1
  [0xc1, 0xe0, 0x06], // shl eax, 6
  [0x48, 0x8d, 0x4c, 0x03, LOG_ENTRIES - LOG], // lea rcx, [rbx + rax + 64]
  [0x48, 0x8b, 0x44, 0x24, 0x18, 0x48, 0x89, 0x01], // vector
  [0x48, 0x8b, 0x44, 0x24, 0x20, 0x48, 0x89, 0x41, 0x08], // error code
  [0x48, 0x8b, 0x44, 0x24, 0x28, 0x48, 0x89, 0x41, 0x10], // RIP
  [0x0f, 0x20, 0xd0, 0x48, 0x89, 0x41, 0x18], // CR2
  [0x48, 0x8b, 0x44, 0x24, 0x38, 0x48, 0x89, 0x41, 0x20], // RFLAGS
  [0x48, 0x8b, 0x44, 0x24, 0x40, 0x48, 0x89, 0x41, 0x28], // RSP
  [0x80, 0x7c, 0x24, 0x18, 0x20, 0x73, 0x34], // cmp byte [vector], 32; jae back
  [0x48, 0x8b, 0x44, 0x24, 0x28], // mov rax, [RIP]
  [0x48, 0x2d, ...little(BigInt(AREA), 4)], // sub rax, AREA
  [0x48, 0x3d, ...little(BigInt(COPIES * AREA_SIZE), 4)], // cmp rax, COPIES * AREA_SIZE
  [0x73, 0x18], // jae lost
  [0x25, ...little(BigInt(ALIAS - 1), 4)], // and eax, ALIAS - 1
  [0x0f, 0xb6, 0x84, 0x03, ...little(BigInt(LENGTHS - LOG), 4)], // movzx eax, byte [rbx + rax + LENGTHS - LOG]
  [0x85, 0xc0, 0x74, 0x07], // test eax, eax; jz lost
  [0x48, 0x01, 0x44, 0x24, 0x28], // add [RIP], rax
  [0xeb, 0x09], // jmp back
  [0x48, 0xc7, 0x44, 0x24, 0x28, ...little(BigInt(LOST), 4)], // lost: mov qword [RIP], LOST
  [0x5b, 0x59, 0x58], // back: pop rbx; pop rcx; pop rax
  [0x48, 0x83, 0xc4, 0x10], // add rsp, 16
  [0x48, 0xcf], // iretq
].flat();

/** Puts the handlers into a guest whose tables are those of guest-tables.ts. */
export function installHandlers(memory: DomainMemory): void {
  for (let page = LOG; page < END; page += PAGE)
    memory.write64(guestPhysical(SYSTEM_TABLE + (page / PAGE) * 8), BigInt(page | PRESENT_WRITABLE_USED));
  for (let vector = 0; vector < VECTORS; vector++) {
    if (vector === BREAKPOINT) continue;
    const stub = STUBS + vector * STUB_SIZE;
    const head = [...(withErrorCode.has(vector) ? [] : [0x6a, 0]), 0x6a, vector, 0xe9];
    const distance = COMMON - (stub + head.length + 4);
    memory.writeBytes(guestPhysical(stub), Uint8Array.from([...head, ...little(BigInt(distance), 4)]));
    const gate = memory.read64(guestPhysical(IDT + vector * 16));
    memory.write64(guestPhysical(IDT + vector * 16), (gate & 0x0000_ffff_ffff_0000n) | offsetBits(stub));
  }
  memory.writeBytes(guestPhysical(COMMON), Uint8Array.from(common));
}

/** Where a gate keeps the low half of an offset. */
function offsetBits(physical: number): bigint {
  const offset = SYSTEM + BigInt(physical);
  return (offset & 0xffffn) | (((offset >> 16n) & 0xffffn) << 48n);
}

/** Makes ready for a program. */
export function resetHandlers(memory: DomainMemory, lengths: Uint8Array): void {
  const { count } = readFaults(memory);
  memory.writeBytes(guestPhysical(LOG), new Uint8Array(LOG_ENTRIES - LOG + Math.min(count, MOST_FAULTS) * ENTRY_SIZE));
  memory.writeBytes(guestPhysical(LENGTHS), lengths);
}

/** The exceptions since then, the last MOST_FAULTS of them. */
export function readFaults(memory: DomainMemory): { readonly count: number; readonly faults: readonly Fault[] } {
  const count = memory.read32(guestPhysical(LOG)) >>> 0;
  const faults = Array.from({ length: Math.min(count, MOST_FAULTS) }, (_, index): Fault => {
    const at = LOG_ENTRIES + index * ENTRY_SIZE;
    const field = (offset: number): bigint => memory.read64(guestPhysical(at + offset));
    const vector = Number(field(0));
    return {
      vector,
      error: Number(BigInt.asUintN(32, field(8))),
      rip: field(16),
      address: vector === PAGE_FAULT ? field(24) : 0n,
      flags: Number(field(32)),
      rsp: field(40),
    };
  });
  return { count, faults };
}
