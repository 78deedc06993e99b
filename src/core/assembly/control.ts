// The interrupt flag, PUSHF and POPF, HLT, INVLPG and its kin, CPUID. SDM volume 2, and volume 3A sections 20.3 (VME)
// and 20.4 (protected-mode virtual interrupts).

import { CPL, CR4, EXIT_HALT, EXIT_REASON, INTERRUPT_SHADOW, RFLAGS, RIP, VECTOR_GP, VECTOR_UD } from '../layout.ts';
import { read64 } from './access.ts';
import { nextRip, raise } from './exceptions.ts';
import {
  FLAG_AC,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_RF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAGS_ALL,
  getFlags,
  ioPrivilege,
  setFlags,
} from './flags.ts';
import { cpuid as hostCpuid } from './imports.ts';
import { CR4_PCIDE, CR4_PVI, CR4_VME, inVirtual8086, isCanonical } from './mode.ts';
import { requirePrivilege } from './privilege.ts';
import { SHADOW_STI } from './system-state.ts';
import { flushPage, flushPcid } from './tlb.ts';
import { virtualFlags, virtualFlagsTrap } from './virtual-8086.ts';

/** The flag that CLI and STI act on: IF, or VIF under VME or PVI. Raises #GP(0) when neither is the program's. */
function interruptFlag(): u32 {
  const level = load<u32>(CPL);
  if (level <= ioPrivilege()) return FLAG_IF;
  const needed = inVirtual8086() ? CR4_VME : CR4_PVI;
  if (level != 3 || (load<u32>(CR4) & needed) == 0) raise(VECTOR_GP, 0);
  return FLAG_VIF;
}

/** CLI. */
export function cli(): void {
  store<u32>(RFLAGS, load<u32>(RFLAGS) & ~interruptFlag());
}

/** STI: interrupts are held back for one more instruction. The caller ends its block. */
export function sti(): void {
  const flag = interruptFlag();
  const flags = load<u32>(RFLAGS);
  if (flag == FLAG_VIF && (flags & FLAG_VIP) != 0) raise(VECTOR_GP, 0);
  if (flag == FLAG_IF && (flags & FLAG_IF) == 0) store<u32>(INTERRUPT_SHADOW, SHADOW_STI);
  store<u32>(RFLAGS, flags | flag);
}

/** STAC (`value` 1) and CLAC (0): #UD above privilege level 0. The caller ends its block. */
export function setAccessCheck(value: i32): void {
  if (load<u32>(CPL) != 0) raise(VECTOR_UD, -1);
  setFlags(value ? FLAG_AC : 0, FLAG_AC);
}

/** The image that PUSHF pushes, of which the operand takes its width. `operandSize` is 16, 32 or 64. */
export function pushFlags(operandSize: i32): i64 {
  const flags = getFlags() & ~(FLAG_RF | FLAG_VM);
  if (inVirtual8086() && ioPrivilege() < 3) {
    if (operandSize != 16 || (load<u32>(CR4) & CR4_VME) == 0) raise(VECTOR_GP, 0);
    return <i64>virtualFlags(flags);
  }
  return <i64>flags;
}

/** POPF of the popped image; `operandSize` is 16, 32 or 64. The caller ends its block. */
export function popFlags(value: i64, operandSize: i32): void {
  const image = <u32>value;
  const level = load<u32>(CPL);
  const width: u32 = operandSize == 16 ? 0xffff : 0xffffffff;
  const mask = FLAGS_ALL & width & ~(FLAG_VM | FLAG_VIF | FLAG_VIP | FLAG_IF | FLAG_IOPL);
  if (inVirtual8086() && ioPrivilege() < 3) {
    if (operandSize != 16 || (load<u32>(CR4) & CR4_VME) == 0 || virtualFlagsTrap(image)) raise(VECTOR_GP, 0);
    setFlags((image & mask) | (image & FLAG_IF ? FLAG_VIF : 0), mask | FLAG_VIF);
    return;
  }
  let allowed = mask;
  if (level <= ioPrivilege()) allowed |= FLAG_IF;
  if (level == 0) allowed |= FLAG_IOPL;
  setFlags(image & ~FLAG_RF, allowed | FLAG_RF);
}

/** HLT: sets RIP and EXIT_REASON; the handler returns to the run loop. */
export function halt(): void {
  requirePrivilege();
  store<i64>(RIP, nextRip());
  store<u32>(EXIT_REASON, EXIT_HALT);
}

/** INVLPG of a linear address; one that is not canonical does nothing. */
export function invlpg(linear: i64): void {
  requirePrivilege();
  if (isCanonical(linear)) flushPage(linear);
}

/** INVPCID of `type` with its descriptor at a linear address. */
export function invpcid(type: i64, linear: i64): void {
  requirePrivilege();
  const first = <u64>read64(linear);
  const address = read64(linear + 8);
  if (<u64>type > 3) raise(VECTOR_GP, 0);
  if (type < 2) {
    const usesPcid = (load<u32>(CR4) & CR4_PCIDE) != 0;
    if (first > 0xfff || (first != 0 && !usesPcid)) raise(VECTOR_GP, 0);
    if (type == 0 && !isCanonical(address)) raise(VECTOR_GP, 0);
  }
  flushPcid(<i32>type, <u32>first & 0xfff, address);
}

/** CPUID. */
export function cpuid(): void {
  hostCpuid();
}
