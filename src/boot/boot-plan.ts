import type { GuestPhysical, GuestVirtual } from '../base/address.ts';
import type { MemoryRange } from './memory-map.ts';

/** A further file for the kernel, with the command line that belongs to it. */
export interface BootModule {
  readonly bytes: Uint8Array;
  /** What the kernel is told about the module. Empty when absent. */
  readonly commandLine?: string;
}

/** What the user asked to boot, and the machine it is to run on. */
export interface BootRequest {
  /** The kernel file, whole. Its content decides the boot protocol. */
  readonly kernel: Uint8Array;
  /** Guest memory in bytes; rounded down to whole pages. */
  readonly memoryBytes: number;
  /** Initial ramdisk. Multiboot and PVH kernels get it as their first module. */
  readonly initrd?: Uint8Array;
  /** The kernel's command line. Empty when absent. */
  readonly append?: string;
  /** Modules after the initrd. Linux's own protocol has none, and rejects them. */
  readonly modules?: readonly BootModule[];
  /** Where the ACPI RSDP was put, if it was; zero or absent leaves the kernel to search for it. */
  readonly rsdpAddress?: GuestPhysical;
  /** RAM that firmware tables occupy. The kernel is told, and nothing is placed there. */
  readonly firmwareRanges?: readonly MemoryRange[];
}

/** Bytes to copy to guest-physical memory before the first instruction. */
export interface Placement {
  readonly address: GuestPhysical;
  readonly bytes: Uint8Array;
  /** What the bytes are, for tracing: `kernel`, `initrd`, `page tables` … */
  readonly what: string;
}

/**
 * A segment register with its hidden part. Access rights are the descriptor's bits 40 to 55 moved to
 * bit 0, the limit's nibble left out, as VT-x lays them out (SDM volume 3, 25.4.1): type 0-3, S 4, DPL 5-6,
 * P 7, AVL 12, L 13, D/B 14, G 15; bit 16 marks a register that holds no usable segment.
 */
export interface SegmentState {
  readonly selector: number;
  readonly base: GuestVirtual;
  /** The last valid offset in bytes, after the granularity bit is applied. */
  readonly limit: number;
  readonly accessRights: number;
}

export interface DescriptorTableState {
  readonly base: GuestVirtual;
  readonly limit: number;
}

// oxfmt-ignore
export const GENERAL_REGISTERS = [
  'rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi',
  'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15',
] as const;
export type GeneralRegister = (typeof GENERAL_REGISTERS)[number];

/** The state of the boot processor at its first guest instruction. Everything not named is as after reset. */
export interface InitialCpuState {
  /** `long`: 64-bit code with paging on. `protected`: flat 32-bit code with paging off. */
  readonly mode: 'long' | 'protected';
  readonly rip: GuestVirtual;
  readonly rflags: number;
  readonly registers: Readonly<Record<GeneralRegister, bigint>>;
  readonly cr0: number;
  readonly cr3: GuestPhysical;
  readonly cr4: number;
  readonly efer: number;
  readonly segments: Readonly<Record<'cs' | 'ss' | 'ds' | 'es' | 'fs' | 'gs' | 'tr' | 'ldtr', SegmentState>>;
  readonly gdtr: DescriptorTableState;
  readonly idtr: DescriptorTableState;
}

export const BOOT_PROTOCOLS = ['linux-64', 'linux-32', 'pvh', 'multiboot'] as const;
export type BootProtocol = (typeof BOOT_PROTOCOLS)[number];

/** Everything the machine needs to start a kernel. Placements do not overlap and lie in the guest's RAM. */
export interface BootPlan {
  readonly protocol: BootProtocol;
  readonly placements: readonly Placement[];
  readonly cpu: InitialCpuState;
  /** The memory map the kernel was told about, sorted by address. */
  readonly memoryMap: readonly MemoryRange[];
}
