// Model-specific registers that neither the core nor the local APIC keeps: memory types, machine check, and the AMD ones
// that kernels read while they get to know the processor. APM vol. 2 appendix A; SDM vol. 4.

const MTRR_CAPABILITIES = 0xfe;
const MTRR_DEFAULT_TYPE = 0x2ff;
const MCG_CAPABILITIES = 0x179;
const MCG_STATUS = 0x17a;
const PATCH_LEVEL = 0x8b;
const SYSCFG = 0xc0010010;
const NB_CFG = 0xc001001f;
const HWCR = 0xc0010015;
const DE_CFG = 0xc0011029;
const VM_CR = 0xc0010114;

/** Eight variable ranges, fixed ranges and write-combining (SDM vol. 3A section 12.11.1). */
const VARIABLE_RANGES = 8;
const FIXED_RANGES = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f];
const FIRST_VARIABLE = 0x200;

interface Register {
  readonly reset: bigint;
  /** Bits that a write may set; a write that sets others faults. 0: read-only. */
  readonly writable: bigint;
}

/** Bits of a guest-physical address, 40, without the page offset. */
const PHYSICAL_FRAME = 0xff_ffff_f000n;

const registers = new Map<number, Register>([
  [MTRR_CAPABILITIES, { reset: 0x500n | BigInt(VARIABLE_RANGES), writable: 0n }],
  // Enabled, write-back by default: what firmware leaves behind.
  [MTRR_DEFAULT_TYPE, { reset: 0x806n, writable: 0xcffn }],
  [MCG_CAPABILITIES, { reset: 0n, writable: 0n }],
  [MCG_STATUS, { reset: 0n, writable: 7n }],
  [PATCH_LEVEL, { reset: 0x0a00_8000n, writable: 0n }],
  [SYSCFG, { reset: 0n, writable: 0x7c_0000n }],
  // Kernels set bit 46, EnableCf8ExtCfg: PCI configuration mechanism #1 with registers beyond 255.
  [NB_CFG, { reset: 0n, writable: 1n << 46n }],
  // TscFreqSel: the time-stamp counter runs at the base frequency in every P-state.
  [HWCR, { reset: 0x100_0000n, writable: 0xffff_ffffn }],
  // LFENCE serializes, and stays so.
  [DE_CFG, { reset: 2n, writable: 0xffff_ffffn }],
  // SVM is locked out.
  [VM_CR, { reset: 0x18n, writable: 0n }],
  ...FIXED_RANGES.map((index): [number, Register] => [
    index,
    { reset: 0x0606_0606_0606_0606n, writable: 0x0707_0707_0707_0707n },
  ]),
  ...Array.from({ length: VARIABLE_RANGES }).flatMap((_, range): [number, Register][] => [
    [FIRST_VARIABLE + 2 * range, { reset: 0n, writable: PHYSICAL_FRAME | 7n }],
    [FIRST_VARIABLE + 2 * range + 1, { reset: 0n, writable: PHYSICAL_FRAME | 0x800n }],
  ]),
]);

export class ModelSpecificRegisters {
  readonly #values = new Map<number, bigint>();

  constructor() {
    this.reset();
  }

  reset(): void {
    for (const [index, { reset }] of registers) this.#values.set(index, reset);
  }

  /** The register's value, or undefined when there is none: the guest gets #GP(0). */
  read(index: number): bigint | undefined {
    return this.#values.get(index);
  }

  /** Writes a register. False: there is none, it is read-only or the value sets reserved bits; the guest gets #GP(0). */
  write(index: number, value: bigint): boolean {
    const register = registers.get(index);
    if (register === undefined || register.writable === 0n || (value & ~register.writable) !== 0n) return false;
    this.#values.set(index, value);
    return true;
  }
}
