// Where answers may differ from the host's processor, and by how much.

import type { Flag } from '../../src/isa/abstract-machine.ts';
import type { CompareOptions } from './compare.ts';
import type { Case } from './generate-cases.ts';
import { hostProcessor } from './native-runner.ts';

/** Relative error that the manual allows RCPPS and RSQRTPS: 1.5 * 2^-12. Two answers may err in opposite directions. */
const ESTIMATE = 2 * 1.5 * 2 ** -12;

const estimates: ReadonlySet<string> = new Set(['rcpps', 'rcpss', 'rsqrtps', 'rsqrtss']);
const transcendental: ReadonlySet<string> = new Set([
  'fsin',
  'fcos',
  'fsincos',
  'fptan',
  'fpatan',
  'f2xm1',
  'fyl2x',
  'fyl2xp1',
]);
/**
 * Instructions with several accesses of which more than one can fault: images, whose last byte the processor tries first, and
 * comparisons of strings, where which string comes first depends on the processor's fast paths.
 */
const severalFaults: ReadonlySet<string> = new Set([
  'fxsave',
  'fxrstor',
  'fnsave',
  'frstor',
  'fnstenv',
  'fldenv',
  'cmps',
]);

/** What the processors of family 19h do not agree on: the undefined flags of these. */
export const variesInFamily: ReadonlySet<string> = new Set(['bsf', 'bsr']);

function nearSingles(left: bigint, right: bigint): boolean {
  const view = new DataView(new ArrayBuffer(4));
  const single = (bits: bigint): number => {
    view.setUint32(0, Number(BigInt.asUintN(32, bits)));
    return view.getFloat32(0);
  };
  for (let lane = 0n; lane < 4n; lane++) {
    const [a, b] = [BigInt.asUintN(32, left >> (lane * 32n)), BigInt.asUintN(32, right >> (lane * 32n))];
    if (a !== b && !(Math.abs(single(a) - single(b)) <= Math.abs(single(b)) * ESTIMATE)) return false;
  }
  return true;
}

/** At most one unit in the last place: neighbours as integers, since exponents follow on significands but for the integer bit. */
function nearExtended(left: bigint, right: bigint): boolean {
  const ordered = (value: bigint): bigint => ((value >> 64n) << 63n) | (value & ((1n << 63n) - 1n));
  const distance = ordered(left) - ordered(right);
  return distance >= -1n && distance <= 1n;
}

/** How to compare with the host's processor. */
export function nativeOptions(made: Case): CompareOptions {
  const { instruction } = made.variant.form;
  const { mnemonic } = instruction;
  const isKnown = followsFamily19h() && !variesInFamily.has(mnemonic);
  const undefinedFlags: readonly Flag[] = isKnown ? [] : (instruction.undefined ?? []);
  return {
    codeSize: made.image.codeSize,
    undefined: undefinedFlags,
    near: estimates.has(mnemonic) ? nearSingles : transcendental.has(mnemonic) ? nearExtended : undefined,
    // C1 tells how the last place was rounded.
    ignoredStatus: transcendental.has(mnemonic) ? 0x200 : 0,
    ignoresFaultAddress: severalFaults.has(mnemonic),
    // FXSAVE stores MXCSR_MASK, which tells what the processor has: AMD's have a misaligned mode (bit 17).
    ignoredMemory: mnemonic === 'fxsave' ? { at: made.address + 28, bytes: 4 } : undefined,
  };
}

let family19h: boolean | null = null;

/** True on the processors whose answers the meanings follow where the manual leaves flags undefined. */
export function followsFamily19h(): boolean {
  if (family19h === null) {
    const { vendor, family } = hostProcessor();
    family19h = vendor === 'AuthenticAMD' && family === 0x19;
  }
  return family19h;
}
