// Random decoding, stores, DMA and remapping: whatever block a jump finds has the bytes it was decoded from, at the place
// that the page tables name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestPhysical } from '../../src/base/address.ts';
import { BLOCK_HEADER, CR3, EXIT_DECODE, EXIT_REASON, RIP } from '../../src/core/layout.ts';
import { CR4_PCIDE, GuestMachine, PRESENT, USER, WRITABLE } from './guest-machine.ts';

const SEED = Number(process.env['LODGE_TEST_SEED'] ?? 20240611);
const STEPS = 60000;
const FRAMES = 4;
const PAGES = 5;
const FRAME = 0x300000;
/** Code lies around here, across the page boundary above it too. */
const WINDOW = 24;
const LINEAR = 0x0000_7fff_0123_0000n;
const rights = PRESENT | WRITABLE | USER;

function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

test('no jump finds stale code', () => {
  const random = generator(SEED);
  const below = (limit: number): number => random() % limit;
  const machine = new GuestMachine();
  const memory = machine.cell.guestMemory;
  const { view, core } = machine;
  const entries = Array.from({ length: PAGES }, (_, page) =>
    machine.map(LINEAR + BigInt(page) * 4096n, BigInt(FRAME) | rights),
  );
  /** The frame each page is mapped to. */
  const frames = entries.map(() => 0);
  const remap = (page: number, frame: number): void => {
    frames[page] = frame;
    machine.set64(entries[page] as number, BigInt(FRAME + frame * 4096) | rights);
    core['flushPage'](LINEAR + BigInt(page) * 4096n);
  };
  machine.enter({ kind: 'long', cr4: CR4_PCIDE });
  for (let page = 0; page < PAGES; page += 1) remap(page, below(FRAMES));

  /** By record: what was decoded, from which guest-physical bytes. */
  const decoded = new Map<number, { readonly bytes: string; readonly places: readonly number[] }>();
  const anyAddress = (): { page: number; offset: number } => ({
    page: below(PAGES - 1),
    offset: below(2) === 0 ? below(WINDOW) : 4096 - 1 - below(WINDOW),
  });
  /** Guest-physical addresses of `length` bytes from a linear address. */
  const placesOf = (page: number, offset: number, length: number): number[] =>
    Array.from({ length }, (_, i) => {
      const at = offset + i;
      return FRAME + (frames[page + Math.floor(at / 4096)] as number) * 4096 + (at % 4096);
    });
  const bytesAt = (places: readonly number[]): string =>
    places.map((place) => memory.read8(guestPhysical(place))).join(' ');
  const counts = { found: 0, decoded: 0, crossing: 0 };

  for (let step = 0; step < STEPS; step += 1) {
    const { page, offset } = anyAddress();
    const linear = LINEAR + BigInt(page * 4096 + offset);
    const label = `seed ${SEED}, step ${step}`;
    switch (below(160)) {
      case 0:
        remap(page, below(FRAMES));
        break;
      case 1:
        view.setBigUint64(CR3, BigInt(machine.root | (1 + below(10))), true);
        core['loadAddressSpace'](below(2) === 0);
        break;
      case 2:
        machine.enter({ kind: 'long', cr4: CR4_PCIDE, cpl: below(2) * 3 });
        break;
      case 3:
      case 4:
        if (below(2) === 0) core['write8'](linear, below(256));
        else core['write64'](linear, BigInt(random()));
        break;
      case 5: {
        const place = FRAME + below(FRAMES) * 4096 + offset;
        memory.writeBytes(guestPhysical(place), Uint8Array.of(below(256), below(256)));
        break;
      }
      case 6:
        if (below(20) === 0) {
          core['dropAllCode']();
          decoded.clear();
        }
        break;
      default: {
        const record = core['jumpTo'](linear) as number;
        if (record === 0) {
          assert.equal(view.getUint32(EXIT_REASON, true), EXIT_DECODE, label);
          assert.equal(view.getBigUint64(RIP, true), linear, label);
          counts.decoded += 1;
          const length = 1 + below(15);
          const crosses = offset + length > 4096;
          const count = crosses ? 1 : 1 + Math.min(below(4), Math.floor((4096 - offset) / length) - 1);
          const second = crosses ? core['nextCodePage']() >>> 0 : 0;
          if (crosses) counts.crossing += 1;
          const places = placesOf(page, offset, count * length);
          decoded.set(machine.decode(count, length, second), { bytes: bytesAt(places), places });
          break;
        }
        counts.found += 1;
        const block = decoded.get(record);
        assert.ok(block !== undefined, label);
        assert.equal(bytesAt(block.places), block.bytes, `${label}: the bytes have changed`);
        assert.deepEqual(
          block.places,
          placesOf(page, offset, block.places.length),
          `${label}: the page lies elsewhere`,
        );
        assert.notEqual(view.getUint32(record - BLOCK_HEADER + 4, true), 0, `${label}: the block is dead`);
      }
    }
  }
  assert.ok(counts.found > 1000 && counts.decoded > 1000 && counts.crossing > 100, JSON.stringify(counts));
});
