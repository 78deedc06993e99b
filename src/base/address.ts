/**
 * The three address spaces of a domain, as types that do not mix: guest-virtual (what guest code
 * uses), guest-physical (what its page tables yield) and machine (an offset into a cell's memory).
 */
declare const space: unique symbol;

/** A linear address of the guest, 0 to 2^64-1. A bigint, for canonical 64-bit addresses do not fit a double. */
export type GuestVirtual = bigint & { readonly [space]: 'guest-virtual' };
/** A guest-physical byte address, 0 to 2^52-1. */
export type GuestPhysical = number & { readonly [space]: 'guest-physical' };
/** A byte offset into a cell's machine memory, 0 to 2^32-1. */
export type MachineAddress = number & { readonly [space]: 'machine' };
/** A guest-physical frame number: a guest-physical address divided by 4096. */
export type Gfn = number & { readonly [space]: 'gfn' };
/** A machine frame number: a machine address divided by 4096. */
export type Mfn = number & { readonly [space]: 'mfn' };

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;

export const guestVirtual = (address: bigint): GuestVirtual => BigInt.asUintN(64, address) as GuestVirtual;
export const guestPhysical = (address: number): GuestPhysical => address as GuestPhysical;
export const machineAddress = (address: number): MachineAddress => address as MachineAddress;

/** The frame that holds a guest-physical address. */
export const gfnOf = (address: GuestPhysical): Gfn => Math.floor(address / PAGE_SIZE) as Gfn;
/** The first address of a guest-physical frame. */
export const addressOfGfn = (frame: Gfn): GuestPhysical => (frame * PAGE_SIZE) as GuestPhysical;
/** The frame that holds a machine address. */
export const mfnOf = (address: MachineAddress): Mfn => (address >>> PAGE_SHIFT) as Mfn;
/** The first address of a machine frame. */
export const addressOfMfn = (frame: Mfn): MachineAddress => (frame * PAGE_SIZE) as MachineAddress;
