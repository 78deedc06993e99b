// What CPUID says. Instruction features come from the catalog: a feature is advertised exactly when its instructions are
// declared. APM vol. 3 appendix E; SDM vol. 2 "CPUID".

import { instructions } from '../isa/catalog.ts';
import type { Feature } from '../isa/instruction.ts';

/** Answers one leaf: EAX, EBX, ECX, EDX as unsigned 32-bit numbers. */
export type CpuidLeaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

/** The state of the vCPU that some leaves report. */
export interface CpuidState {
  readonly apicId: number;
  /** CR4.OSXSAVE. */
  readonly osXsave: boolean;
  /** IA32_APIC_BASE.EN. */
  readonly apicEnabled: boolean;
  /** Time-stamp counter frequency in kHz. */
  readonly tscKilohertz: number;
}

const implemented: ReadonlySet<Feature | undefined> = new Set(instructions.map(({ feature }) => feature));

/** Bits of a register: a feature's name for instructions, `true` for what the core and the board implement. */
type Bits = Readonly<Record<number, Feature | true>>;

function register(bits: Bits): number {
  let value = 0;
  for (const [bit, feature] of Object.entries(bits))
    if (feature === true || implemented.has(feature)) value += 2 ** Number(bit);
  return value;
}

// FPU VME DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2.
const basicEdx = register({
  0: 'x87',
  1: true,
  2: true,
  3: true,
  4: true,
  5: true,
  6: true,
  7: true,
  8: true,
  9: true,
  11: true,
  12: true,
  13: true,
  14: true,
  15: true,
  16: true,
  17: true,
  19: 'clflush',
  23: 'mmx',
  24: 'sse',
  25: 'sse',
  26: 'sse2',
});
// SSE3 PCLMULQDQ SSSE3 CMPXCHG16B PCID SSE4.1 SSE4.2 x2APIC MOVBE POPCNT TSC-deadline AES XSAVE RDRAND hypervisor.
const basicEcx = register({
  0: 'sse3',
  1: 'pclmulqdq',
  9: 'ssse3',
  13: 'cmpxchg16b',
  17: true,
  19: 'sse4.1',
  20: 'sse4.2',
  21: true,
  22: 'movbe',
  23: 'popcnt',
  24: true,
  25: 'aes',
  26: 'xsave',
  30: 'rdrand',
  31: true,
});
// FSGSBASE BMI1 SMEP BMI2 ERMS INVPCID RDSEED ADX SMAP SHA.
const extendedEbx = register({
  0: 'fsgsbase',
  3: 'bmi1',
  7: true,
  8: 'bmi2',
  9: true,
  10: 'invpcid',
  18: 'rdseed',
  19: 'adx',
  20: true,
  29: 'sha',
});
// UMIP LA57 RDPID.
const extendedEcx = register({ 2: true, 16: true, 22: 'rdpid' });
// FSRM.
const extendedEdx = register({ 4: true });
// LAHF/SAHF in 64-bit mode, LZCNT, PREFETCH.
const amdEcx = register({ 0: true, 5: 'lzcnt', 8: true });
// The bits of leaf 1 that AMD repeats, and SYSCALL NX MMXEXT FFXSR-less 1G-pages RDTSCP long mode.
const amdEdx = (basicEdx & 0x0183f3ff) + register({ 11: true, 20: true, 22: 'sse', 26: true, 27: 'rdtscp', 29: true });

/** Family 19h, a name of no real model. */
const SIGNATURE = 0x00a00f80;
const XSAVE_BYTES = 576;

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  const words: number[] = [];
  for (let index = 0; index < bytes.length; index += 4) {
    words.push(
      (bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24)) >>> 0,
    );
  }
  return words;
}

const [vendorB, vendorD, vendorC] = text('AuthenticAMD') as [number, number, number];
const [hypervisorB, hypervisorC, hypervisorD] = text('LodgeLodge\0\0') as [number, number, number];
const brand = text('Lodge virtual processor'.padEnd(48, '\0'));
const nothing: CpuidLeaf = [0, 0, 0, 0];

/** What CPUID returns for EAX = `leaf` and ECX = `subleaf` (unsigned 32-bit). Leaves that do not exist return zeros. */
export function cpuid(leaf: number, subleaf: number, state: CpuidState): CpuidLeaf {
  switch (leaf) {
    case 0:
      return [0xd, vendorB, vendorC, vendorD];
    case 1: {
      const ecx = basicEcx + (state.osXsave && implemented.has('xsave') ? 2 ** 27 : 0);
      const edx = state.apicEnabled ? basicEdx : basicEdx - 2 ** 9;
      return [SIGNATURE, ((state.apicId << 24) | (1 << 16) | (8 << 8)) >>> 0, ecx, edx];
    }
    // ARAT: the local APIC timer never stops.
    case 6:
      return [4, 0, 0, 0];
    case 7:
      return subleaf === 0 ? [0, extendedEbx, extendedEcx, extendedEdx] : nothing;
    case 0xb:
      return topology(subleaf, state.apicId);
    case 0xd:
      // x87 and SSE state, standard format.
      if (!implemented.has('xsave')) return nothing;
      return subleaf === 0 ? [3, XSAVE_BYTES, XSAVE_BYTES, 0] : nothing;
    case 0x40000000:
      return [0x40000010, hypervisorB, hypervisorC, hypervisorD];
    case 0x40000010:
      return [state.tscKilohertz, 0, 0, 0];
    case 0x80000000:
      return [0x80000021, vendorB, vendorC, vendorD];
    case 0x80000001:
      return [SIGNATURE, 0, amdEcx, amdEdx];
    case 0x80000002:
    case 0x80000003:
    case 0x80000004: {
      const start = (leaf - 0x80000002) * 4;
      return brand.slice(start, start + 4) as unknown as CpuidLeaf;
    }
    // 32 KiB, 8-way L1 caches with 64-byte lines; 512 KiB L2.
    case 0x80000005:
      return [0, 0, 0x20080140, 0x20080140];
    case 0x80000006:
      return [0, 0, 0x02006140, 0];
    // The time-stamp counter is invariant.
    case 0x80000007:
      return [0, 0, 0, 0x100];
    // 40 physical and 57 linear address bits. FXSAVE and XSAVE always save the x87 error pointers (XSAVEERPTR); SSB_NO and
    // BTC_NO: an interpreter does not speculate.
    case 0x80000008:
      return [0x3928, 0x24000004, 0, 0];
    // LFENCE serializes; SRSO_NO; TSA_SQ_NO and TSA_L1_NO.
    case 0x80000021:
      return [0x20000004, 0, 6, 0];
    default:
      return nothing;
  }
}

/** One processor of one thread (SDM vol. 2 "CPUID" leaf 0BH). */
function topology(subleaf: number, apicId: number): CpuidLeaf {
  if (subleaf === 0) return [0, 1, 0x100, apicId];
  return subleaf === 1 ? [0, 1, 0x201, apicId] : [0, 0, subleaf & 0xff, apicId];
}
