// Random page tables, registers and accesses: the core agrees with the reference walk about every outcome, error code
// and accessed or dirty bit, and whatever the guest wrote, an access stays inside the guest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOUNCE, FRAME_NEXT, PDPTE0 } from '../../src/core/layout.ts';
import { CR0_WP, CR4_SMAP, CR4_SMEP, EFER_LONG, EFER_NXE, FLAG_AC, GuestMachine } from './guest-machine.ts';
import { referenceWalk } from './reference-walk.ts';
import type { WalkAccess, WalkState } from './reference-walk.ts';

const SEED = Number(process.env['LODGE_TEST_SEED'] ?? 20240611);
const ROUNDS = 400;
const ACCESSES = 60;
/** Pages that hold tables and data alike, so that walks run into each other. */
const PAGES = 6;
const BASE = 0x100000;

/** xorshift: enough randomness for this, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const modes = [
  { kind: '32-bit', cr0: 0x80000001, cr4: 0x10, efer: 0, size: 4 },
  { kind: 'pae', cr0: 0x80000001, cr4: 0x20, efer: 0, size: 8 },
  { kind: 'long', cr0: 0x80000001, cr4: 0x20, efer: EFER_LONG, size: 8 },
  { kind: 'la57', cr0: 0x80000001, cr4: 0x1020, efer: EFER_LONG, size: 8 },
] as const;

test('walks agree with the reference', () => {
  const random = generator(SEED);
  const chance = (one: number): boolean => random() % one === 0;
  const pick = <T>(values: readonly T[]): T => values[random() % values.length] as T;
  const machine = new GuestMachine();
  const random64 = (): bigint => (BigInt(random()) << 32n) | BigInt(random());
  const outcomes = { faults: 0, frames: 0, devices: 0 };

  /** An entry that mostly leads to one of the pages. */
  const entry = (size: number): bigint => {
    if (chance(12)) return random64() & (size === 4 ? 0xffffffffn : 0xffff_ffff_ffff_ffffn);
    const page = BigInt(BASE + (random() % PAGES) * 4096);
    let value = page | BigInt(random() & 0xf7f);
    if (!chance(6)) value |= 7n;
    if (chance(8)) value = (value | 0x80n) & ~(chance(2) ? 0n : 0x1fe000n);
    if (size === 8 && chance(6)) value |= 1n << 63n;
    if (size === 8 && chance(20)) value |= 1n << BigInt(32 + (random() % 31));
    return value;
  };

  for (let round = 0; round < ROUNDS; round += 1) {
    const mode = pick(modes);
    for (let at = BASE; at < BASE + PAGES * 4096; at += mode.size) {
      if (mode.size === 8) machine.set64(at, entry(8));
      else machine.set32(at, Number(entry(4)));
    }
    const cr0 = chance(2) ? CR0_WP : 0;
    const cr4 = (chance(2) ? CR4_SMEP : 0) + (chance(2) ? CR4_SMAP : 0);
    const efer = mode.size === 8 && chance(2) ? EFER_NXE : 0;
    machine.root = BASE + (random() % PAGES) * 4096;
    for (let pointer = 0; pointer < 4; pointer += 1) {
      const value = chance(4) ? 0n : BigInt(BASE + (random() % PAGES) * 4096) | 1n;
      machine.view.setBigUint64(PDPTE0 + pointer * 8, value, true);
    }
    for (let i = 0; i < ACCESSES; i += 1) {
      const access: WalkAccess = {
        linear: linearFor(mode.kind, random64()),
        kind: pick(['read', 'write', 'fetch'] as const),
        user: chance(2),
        ac: chance(2),
      };
      machine.enter({ kind: mode.kind, cr0, cr4, efer, cpl: access.user ? 3 : 0, flags: access.ac ? FLAG_AC : 0 });
      const state: WalkState = {
        cr0: mode.cr0 + cr0,
        cr3: BigInt(machine.root),
        cr4: mode.cr4 + cr4,
        efer: mode.efer + efer,
        pointers: [0, 1, 2, 3].map((pointer) => machine.view.getBigUint64(PDPTE0 + pointer * 8, true)),
        read: (physical, bytes) =>
          bytes === 4 ? BigInt(machine.get32(Number(physical))) : machine.get64(Number(physical)),
      };
      const expected = referenceWalk(state, access);
      const label = `seed ${SEED}, round ${round}, access ${i}: ${mode.kind} ${access.kind} of 0x${access.linear.toString(16)}`;
      const before = 'sets' in expected ? expected.sets.map(([at]) => state.read(at, mode.size)) : [];
      machine.mmio.length = 0;
      const actual =
        access.kind === 'fetch'
          ? machine.fetch(access.linear)
          : access.kind === 'write'
            ? machine.store(access.linear)
            : machine.load(access.linear);
      if ('error' in expected) {
        outcomes.faults += 1;
        assert.deepEqual(actual, { vector: 14, code: expected.error, cr2: access.linear }, label);
        continue;
      }
      expected.sets.forEach(([at, bits], index) => {
        // Tables may be their own entries: bits that another entry of the walk set are there as well.
        const after = state.read(at, mode.size);
        assert.equal(after & bits, isMemory(at) ? bits : after & bits, label);
        assert.equal(after & ~0x60n, (before[index] as bigint) & ~0x60n, label);
      });
      if (expected.physical < 0x4000000n && isMemory(expected.physical)) {
        outcomes.frames += 1;
        assert.equal(actual, machine.machineOf(Number(expected.physical)), label);
        assert.ok((actual as number) < machine.view.getUint32(FRAME_NEXT, true), label);
      } else if (access.kind !== 'fetch') {
        outcomes.devices += 1;
        assert.equal(actual, BOUNCE, label);
        if (access.kind === 'read')
          assert.deepEqual(machine.mmio, [{ address: Number(expected.physical), size: 1 }], label);
      }
    }
  }
  assert.ok(outcomes.faults > 1000 && outcomes.frames > 1000 && outcomes.devices > 100, JSON.stringify(outcomes));
});

/** RAM of the test machine: 64 MiB with the hole of video memory. */
const isMemory = (physical: bigint): boolean => physical < 0x4000000n && !(physical >= 0xa0000n && physical < 0xc0000n);

/** Cuts a number to a linear address of the mode, canonical where that counts. */
function linearFor(kind: string, value: bigint): bigint {
  if (kind === 'long') return BigInt.asUintN(64, BigInt.asIntN(48, value));
  if (kind === 'la57') return BigInt.asUintN(64, BigInt.asIntN(57, value));
  return value & 0xffffffffn;
}
