// A page walk written a second time, slow and over bigints, from SDM volume 3A sections 4.3 to 4.7: what the core's has
// to agree with.

export interface WalkState {
  readonly cr0: number;
  readonly cr3: bigint;
  readonly cr4: number;
  readonly efer: number;
  /** The four pointers of PAE paging. */
  readonly pointers: readonly bigint[];
  /** Reads `bytes` (4 or 8) of guest-physical memory. */
  read(physical: bigint, bytes: number): bigint;
}

export interface WalkAccess {
  readonly linear: bigint;
  readonly kind: 'read' | 'write' | 'fetch';
  readonly user: boolean;
  /** RFLAGS.AC, for a supervisor. */
  readonly ac: boolean;
}

/** Where the access goes and which entries get which bits, or the error code of the page fault. */
export type WalkResult =
  | { readonly physical: bigint; readonly sets: readonly (readonly [entry: bigint, bits: bigint])[] }
  | { readonly error: number };

const bit = (value: number, position: number): boolean => (Math.floor(value / 2 ** position) & 1) === 1;
const field = (value: bigint, high: number, low: number): bigint =>
  (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

interface Level {
  /** Lowest linear-address bit that selects an entry. */
  readonly shift: number;
  readonly bits: number;
  readonly mayBeLarge: boolean;
  /** The page-size bit is reserved here. */
  readonly noLarge: boolean;
}

/** Bits of guest-physical addresses. */
const WIDTH = 40;

export function referenceWalk(state: WalkState, access: WalkAccess): WalkResult {
  const { cr0, cr4, efer } = state;
  if (!bit(cr0, 31)) return { physical: access.linear & 0xffffffffn, sets: [] };
  const pae = bit(cr4, 5);
  const long = bit(efer, 10);
  const noExecuteEnabled = pae && bit(efer, 11);
  const fetchBit = access.kind === 'fetch' && (noExecuteEnabled || bit(cr4, 20)) ? 16 : 0;
  const base = (access.kind === 'write' ? 2 : 0) + (access.user ? 4 : 0) + fetchBit;
  const size = pae ? 8 : 4;

  let levels: Level[];
  let table: bigint;
  if (!pae) {
    levels = [
      { shift: 22, bits: 10, mayBeLarge: bit(cr4, 4), noLarge: false },
      { shift: 12, bits: 10, mayBeLarge: false, noLarge: false },
    ];
    table = field(state.cr3, 31, 12) << 12n;
  } else {
    levels = [
      { shift: 21, bits: 9, mayBeLarge: true, noLarge: false },
      { shift: 12, bits: 9, mayBeLarge: false, noLarge: false },
    ];
    if (long) {
      levels.unshift(
        { shift: 39, bits: 9, mayBeLarge: false, noLarge: true },
        { shift: 30, bits: 9, mayBeLarge: true, noLarge: false },
      );
      if (bit(cr4, 12)) levels.unshift({ shift: 48, bits: 9, mayBeLarge: false, noLarge: true });
      table = field(state.cr3, WIDTH - 1, 12) << 12n;
    } else {
      const pointer = state.pointers[Number(field(access.linear, 31, 30))] as bigint;
      if ((pointer & 1n) === 0n) return { error: base };
      table = field(pointer, WIDTH - 1, 12) << 12n;
    }
  }

  let writable = true;
  let user = true;
  let noExecute = false;
  const visited: [entry: bigint, value: bigint][] = [];
  for (const level of levels) {
    const at = table + field(access.linear, level.shift + level.bits - 1, level.shift) * BigInt(size);
    const entry = state.read(at, size);
    if ((entry & 1n) === 0n) return { error: base };
    const large = level.mayBeLarge && (entry & 0x80n) !== 0n;
    if (hasReserved(entry, level, large, { pae, long, noExecuteEnabled })) return { error: base | 1 | 8 };
    writable &&= (entry & 2n) !== 0n;
    user &&= (entry & 4n) !== 0n;
    noExecute ||= pae && (entry & (1n << 63n)) !== 0n;
    visited.push([at, entry]);
    if (!large && level.shift !== 12) {
      table = field(entry, pae ? WIDTH - 1 : 31, 12) << 12n;
      continue;
    }
    if (!allowed(state, access, { writable, user, noExecute })) return { error: base | 1 };
    const leaf = visited.length - 1;
    const sets = visited.flatMap(([address, value], index): [bigint, bigint][] => {
      const wanted = index === leaf && access.kind === 'write' ? 0x60n : 0x20n;
      return (value & wanted) === wanted ? [] : [[address, wanted]];
    });
    const offset = field(access.linear, level.shift - 1, 0);
    let frame = field(entry, pae ? WIDTH - 1 : 31, level.shift) << BigInt(level.shift);
    if (!pae && large) frame |= field(entry, 20, 13) << 32n;
    return { physical: frame | offset, sets };
  }
  throw new Error('the last level is always a leaf');
}

function hasReserved(
  entry: bigint,
  level: Level,
  large: boolean,
  mode: { readonly pae: boolean; readonly long: boolean; readonly noExecuteEnabled: boolean },
): boolean {
  if (!mode.pae) return large && field(entry, 21, 21) !== 0n;
  if (field(entry, 51, WIDTH) !== 0n) return true;
  if (!mode.long && field(entry, 62, 52) !== 0n) return true;
  if (!mode.noExecuteEnabled && field(entry, 63, 63) !== 0n) return true;
  if (level.noLarge && (entry & 0x80n) !== 0n) return true;
  return large && field(entry, level.shift - 1, 13) !== 0n;
}

function allowed(
  state: WalkState,
  access: WalkAccess,
  page: { readonly writable: boolean; readonly user: boolean; readonly noExecute: boolean },
): boolean {
  if (access.user) {
    if (!page.user) return false;
    return access.kind === 'read' || (access.kind === 'write' ? page.writable : !page.noExecute);
  }
  if (access.kind === 'fetch') return !page.noExecute && !(page.user && bit(state.cr4, 20));
  if (page.user && bit(state.cr4, 21) && !access.ac) return false;
  return access.kind === 'read' || page.writable || !bit(state.cr0, 16);
}
