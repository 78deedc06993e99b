import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestPhysical } from '../../src/base/address.ts';
import {
  BOUNCE,
  BUDGET,
  CODE_DROPPED,
  CODE_PAGE,
  CR2,
  DECODE_ADDRESS,
  DECODE_MODE,
  EXIT_BUDGET,
  EXIT_DECODE,
  EXIT_REASON,
  FRAME_CODE,
  INTERRUPT_PENDING,
  INTERRUPT_SHADOW,
  MODE,
  MODE_STEP,
  RECORD_IMMEDIATE,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_SIZE,
  RIP,
  SEGMENT_IDTR,
  SEGMENT_LIMIT,
  SEGMENT_SS,
  SLICE,
  SLICE_LEFT,
} from '../../src/core/layout.ts';
import { GuestMachine, PRESENT, USER, WRITABLE } from './guest-machine.ts';

const LINEAR = 0x0000_7fff_0123_4000n;
const PHYSICAL = 0x300000;
const SECOND = 0x500000;
const rights = PRESENT | WRITABLE | USER;

function ready(): GuestMachine {
  const machine = new GuestMachine();
  machine.map(LINEAR, BigInt(PHYSICAL) | rights);
  machine.map(LINEAR + 0x1000n, BigInt(SECOND) | rights);
  machine.enter({ kind: 'long' });
  return machine;
}

const current = (machine: GuestMachine): number => machine.core['currentBlock']() as number;
const jump = (machine: GuestMachine, rip: bigint): number => machine.core['jumpTo'](rip) as number;
const reason = (machine: GuestMachine): number => machine.view.getUint32(EXIT_REASON, true);

/** Has a block at `rip`, decoded if there was none. */
function blockAt(machine: GuestMachine, rip: bigint, count = 1, length = 1, second = 0): number {
  const record = jump(machine, rip);
  if (record !== 0) return record;
  assert.equal(reason(machine), EXIT_DECODE);
  machine.decode(count, length, second);
  const decoded = jump(machine, rip);
  assert.notEqual(decoded, 0);
  return decoded;
}

test('no block yet: EXIT_DECODE names the bytes; afterwards the block is found and CODE_PAGE set', () => {
  const machine = ready();
  machine.beginSlice(LINEAR + 0x123n);
  assert.equal(current(machine), 0);
  assert.equal(reason(machine), EXIT_DECODE);
  assert.equal(machine.view.getUint32(DECODE_ADDRESS, true), machine.machineOf(PHYSICAL + 0x123));
  assert.equal(machine.view.getUint32(DECODE_MODE, true), machine.view.getUint32(MODE, true));
  const record = machine.decode(3, 2);
  assert.equal(current(machine), record);
  assert.equal(machine.view.getBigUint64(CODE_PAGE, true), LINEAR);
  assert.equal(jump(machine, LINEAR + 0x123n), record, 'from the jump cache');
});

test('blocks go by machine frame and mode: another mapping of the frame shares them, another mode does not', () => {
  const machine = ready();
  const other = 0x0000_1000_0000_0000n;
  machine.map(other, BigInt(PHYSICAL) | rights);
  const record = blockAt(machine, LINEAR + 8n);
  assert.equal(jump(machine, other + 8n), record);
  assert.equal(machine.view.getBigUint64(CODE_PAGE, true), other);
  machine.enter({ kind: 'compatibility' });
  machine.map(0x8000n, BigInt(PHYSICAL) | rights);
  assert.equal(jump(machine, 0x8008n), 0);
  assert.equal(reason(machine), EXIT_DECODE);
});

test('the jump cache forgets what a flush made stale', () => {
  const machine = ready();
  const entry = machine.map(LINEAR, BigInt(PHYSICAL) | rights);
  const record = blockAt(machine, LINEAR);
  machine.set64(entry, BigInt(SECOND) | rights);
  assert.equal(jump(machine, LINEAR), record);
  machine.core['flushPage'](LINEAR);
  assert.equal(jump(machine, LINEAR), 0);
  assert.equal(machine.view.getUint32(DECODE_ADDRESS, true), machine.machineOf(SECOND));
});

test('a store into decoded bytes drops the blocks of the frame, and tells the running block', () => {
  const machine = ready();
  machine.store(LINEAR);
  const record = blockAt(machine, LINEAR + 0x100n, 4, 3);
  assert.equal(machine.frameFlags(machine.machineOf(PHYSICAL)) & FRAME_CODE, FRAME_CODE);
  for (const [offset, size] of [
    [0xffn, 1],
    [0x10cn, 4],
    [0xf8n, 8],
    [0x800n, 8],
  ] as const) {
    assert.equal(machine.store(LINEAR + offset, size), machine.machineOf(PHYSICAL + Number(offset)), 'beside the code');
  }
  assert.equal(jump(machine, LINEAR + 0x100n), record);
  for (const [offset, size] of [
    [0x10bn, 1],
    [0xffn, 2],
    [0x100n, 1],
    [0xf9n, 8],
  ] as const) {
    blockAt(machine, LINEAR + 0x100n, 4, 3);
    const dropped = machine.view.getUint32(CODE_DROPPED, true);
    assert.equal(machine.store(LINEAR + offset, size), BOUNCE, `${size} bytes at ${offset.toString(16)}`);
    machine.view.setBigUint64(BOUNCE, 0n, true);
    assert.equal(machine.core['storeCommit'](), 1);
    assert.equal(machine.view.getUint32(CODE_DROPPED, true), dropped + 1);
    assert.equal(machine.frameFlags(machine.machineOf(PHYSICAL)) & FRAME_CODE, 0);
    assert.equal(jump(machine, LINEAR + 0x100n), 0, 'the jump cache does not find it either');
  }
});

test('decoding takes the write tags of the frame out of every table', () => {
  const machine = ready();
  const aliases = [LINEAR, 0x0000_1000_0000_0000n, 0x0000_1000_0000_5000n, 0x0000_1000_0000_9000n];
  for (const alias of aliases.slice(1)) machine.map(alias, BigInt(PHYSICAL) | rights);
  for (const cpl of [0, 3]) {
    machine.enter({ kind: 'long', cpl });
    for (const alias of aliases) machine.core['write8'](alias + 0x10n, 0x90);
  }
  blockAt(machine, LINEAR + 0x10n);
  for (const alias of aliases) {
    blockAt(machine, LINEAR + 0x10n);
    machine.core['write8'](alias + 0x10n, 0x91);
    assert.equal(jump(machine, LINEAR + 0x10n), 0, `a store through ${alias.toString(16)} was seen`);
  }
});

test('device writes invalidate code', () => {
  const machine = ready();
  blockAt(machine, LINEAR + 0x10n);
  machine.cell.guestMemory.writeBytes(guestPhysical(PHYSICAL - 8), new Uint8Array(0x18));
  assert.notEqual(jump(machine, LINEAR + 0x10n), 0, 'up to the byte before');
  machine.cell.guestMemory.write32(guestPhysical(PHYSICAL + 0xd), 0);
  assert.equal(jump(machine, LINEAR + 0x10n), 0);
});

test('so do the accessed and dirty bits that a page walk sets', () => {
  const machine = ready();
  const entry = machine.map(0x0000_2000_0000_8000n, BigInt(SECOND) | rights);
  machine.map(LINEAR, BigInt(entry & ~0xfff) | rights);
  machine.core['flushAll']();
  const rip = LINEAR + BigInt(entry & 0xfff);
  blockAt(machine, rip);
  assert.notEqual(jump(machine, rip), 0);
  machine.load(0x0000_2000_0000_8000n);
  assert.equal(jump(machine, rip), 0, 'accessed');
  machine.decode(1);
  assert.notEqual(jump(machine, rip), 0);
  machine.store(0x0000_2000_0000_8000n);
  assert.equal(jump(machine, rip), 0, 'dirty');
});

test('a device that writes the running code during a store is noticed', () => {
  const machine = ready();
  machine.map(LINEAR + 0x2000n, 0xfee00000n | rights);
  blockAt(machine, LINEAR + 0x10n);
  assert.equal(machine.store(LINEAR + 0x2000n, 4), BOUNCE);
  machine.onDeviceWrite = () => machine.cell.guestMemory.write8(guestPhysical(PHYSICAL + 0x10), 0x90);
  assert.equal(machine.core['storeCommit'](), 1);
});

test('a block across two pages goes by both frames', () => {
  const machine = ready();
  const rip = LINEAR + 0xffen;
  const next = machine.map(LINEAR + 0x1000n, BigInt(SECOND) | rights);
  machine.set64(SECOND, 0n);
  const second = machine.machineOf(SECOND);
  assert.equal(jump(machine, rip), 0);
  assert.equal(machine.core['nextCodePage']() >>> 0, second);
  const record = machine.decode(1, 5, second);
  assert.equal(jump(machine, rip), record);
  machine.core['write8'](LINEAR + 0x1003n, 1);
  assert.equal(jump(machine, rip), record, 'a byte behind its last');
  machine.core['write8'](LINEAR + 0x1002n, 1);
  assert.equal(jump(machine, rip), 0, 'its last byte, in the second page');
  const again = machine.decode(1, 5, second);
  assert.equal(jump(machine, rip), again);
  machine.set64(next, BigInt(PHYSICAL) | rights);
  machine.core['flushPage'](LINEAR + 0x1000n);
  assert.equal(jump(machine, rip), 0, 'the second page lies elsewhere now');
  const other = machine.decode(1, 5, machine.machineOf(PHYSICAL));
  assert.equal(jump(machine, rip), other);
  machine.set64(next, BigInt(SECOND) | rights);
  machine.core['flushPage'](LINEAR + 0x1000n);
  assert.equal(jump(machine, rip), again, 'and back: both blocks are known');
  machine.set64(next, 0n);
  machine.core['flushPage'](LINEAR + 0x1000n);
  machine.view.setBigUint64(RIP, rip, true);
  assert.equal(machine.core['nextCodePage'](), 0);
  assert.equal(machine.view.getBigUint64(CR2, true), LINEAR + 0x1000n);
});

test('links join blocks of one page only, and go away with them', () => {
  const machine = ready();
  const { view } = machine;
  const target = blockAt(machine, LINEAR + 0x200n);
  const far = blockAt(machine, LINEAR + 0x1200n);
  const source = blockAt(machine, LINEAR + 0x100n);
  view.setBigInt64(source + RECORD_IMMEDIATE, 0x200n, true);
  assert.equal(machine.core['followLink'](source, 1), target);
  assert.equal(view.getUint32(source + RECORD_LINK_TAKEN, true), target);
  const following = blockAt(machine, LINEAR + 0x101n);
  jump(machine, LINEAR + 0x100n);
  assert.equal(machine.core['followLink'](source, 0), following);
  assert.equal(view.getUint32(source + RECORD_LINK_NEXT, true), following);
  const leaver = blockAt(machine, LINEAR + 0x300n);
  view.setBigInt64(leaver + RECORD_IMMEDIATE, 0x1200n, true);
  assert.equal(machine.core['followLink'](leaver, 1), far);
  assert.equal(view.getUint32(leaver + RECORD_LINK_TAKEN, true), 0, 'another page');
  assert.equal(view.getBigUint64(CODE_PAGE, true), LINEAR + 0x1000n);
});

test('a link is not made when the page came to lie in another frame under the running block', () => {
  const machine = ready();
  const entry = machine.map(LINEAR, BigInt(PHYSICAL) | rights);
  const source = blockAt(machine, LINEAR + 0x100n);
  machine.view.setBigInt64(source + RECORD_IMMEDIATE, 0x200n, true);
  machine.set64(entry, BigInt(SECOND) | rights);
  machine.core['flushPage'](LINEAR);
  const target = blockAt(machine, LINEAR + 0x200n);
  machine.view.setBigUint64(CODE_PAGE, LINEAR, true);
  assert.equal(machine.core['followLink'](source, 1), target);
  assert.equal(machine.view.getUint32(source + RECORD_LINK_TAKEN, true), 0);
});

test('with a segment limit every fetch is checked, and a block that runs into the limit goes step by step', () => {
  const machine = new GuestMachine();
  machine.enter({ kind: 'real' });
  machine.setCode(0x10000, 0x0fff);
  const record = blockAt(machine, 0xff0n, 4, 4);
  assert.equal(jump(machine, 0xff0n), record);
  machine.setCode(0x10000, 0x0ffe);
  assert.equal(jump(machine, 0xff0n), 0);
  assert.equal(machine.view.getUint32(DECODE_MODE, true), machine.view.getUint32(MODE, true) | MODE_STEP);
  const single = machine.decode(1, 4);
  assert.equal(jump(machine, 0xff0n), single);
  assert.equal(jump(machine, 0xff0n + 0n), single);
});

/** A real-mode machine whose vector table leads every vector n to 0:0x1000 + 16 n. */
function realMode(): GuestMachine {
  const machine = new GuestMachine();
  for (let vector = 0; vector < 256; vector += 1) machine.set32(vector * 4, 0x1000 + vector * 16);
  machine.view.setUint32(SEGMENT_IDTR + SEGMENT_LIMIT, 0x3ff, true);
  machine.view.setUint32(SEGMENT_SS + SEGMENT_LIMIT, 0xffff, true);
  machine.view.setBigUint64(0x400 + 4 * 8, 0x8000n, true);
  machine.enter({ kind: 'real' });
  return machine;
}

test('beyond the segment limit a fetch is #GP', () => {
  const machine = realMode();
  machine.setCode(0, 0xffff);
  machine.beginSlice(0x10000n);
  assert.equal(current(machine), 0);
  assert.equal(reason(machine), EXIT_DECODE);
  assert.equal(machine.view.getBigUint64(RIP, true), 0x10d0n, 'the handler of vector 13');
});

test('an interrupt is taken at a boundary, not inside its shadow', () => {
  const machine = realMode();
  const { view } = machine;
  machine.setCode(0, 0xffff);
  view.setUint32(0x4b0, 0x202, true);
  machine.beginSlice(0x500n);
  blockAt(machine, 0x500n, 4);
  machine.interrupts.push(0x20);
  machine.core['requestInterrupt']();
  assert.equal(view.getInt32(BUDGET, true), 0, 'the next block entry comes to the boundary');
  assert.equal(view.getInt32(SLICE_LEFT, true), 1000);
  view.setUint32(INTERRUPT_SHADOW, 1, true);
  view.setBigUint64(RIP, 0x500n, true);
  assert.equal(current(machine), 0, 'one instruction has to run alone');
  assert.equal(reason(machine), EXIT_DECODE);
  assert.ok(view.getUint32(DECODE_MODE, true) & MODE_STEP);
  const single = machine.decode(1);
  assert.equal(current(machine), single, 'the shadow outlived the decoding');
  assert.equal(machine.interrupts.length, 1);
  machine.core['leaveAfter'](single);
  assert.equal(machine.interrupts.length, 0);
  assert.equal(view.getBigUint64(RIP, true), 0x1200n);
  assert.equal(view.getUint32(0x4b0, true) & 0x200, 0);
});

test('an interrupt that the board takes back is forgotten', () => {
  const machine = realMode();
  machine.view.setUint32(0x4b0, 0x202, true);
  machine.beginSlice(0x500n);
  machine.core['requestInterrupt']();
  current(machine);
  assert.equal(machine.view.getUint32(INTERRUPT_PENDING, true), 0);
  assert.equal(machine.view.getBigUint64(RIP, true), 0x500n);
});

test('the budget: refilled, used up, too small for the next block', () => {
  const machine = ready();
  const { view } = machine;
  const record = blockAt(machine, LINEAR, 5);
  machine.beginSlice(LINEAR, 10);
  machine.core['requestBoundary']();
  assert.equal(view.getInt32(BUDGET, true), 0);
  assert.equal(current(machine), record);
  assert.equal(view.getInt32(BUDGET, true), 10);
  view.setInt32(BUDGET, 3, true);
  assert.equal(current(machine), 0);
  assert.equal(reason(machine), EXIT_BUDGET, 'the block does not fit what is left');
  machine.beginSlice(LINEAR, 3);
  assert.equal(current(machine), 0);
  assert.equal(reason(machine), EXIT_DECODE, 'a whole slice that small gets instructions one by one');
  const single = machine.decode(1);
  assert.equal(current(machine), single);
  machine.beginSlice(LINEAR, 0);
  assert.equal(current(machine), 0);
  assert.equal(reason(machine), EXIT_BUDGET);
  machine.beginSlice(LINEAR, 100);
  machine.view.setInt32(BUDGET, 60, true);
  machine.core['endSlice']();
  assert.equal(view.getInt32(SLICE, true) - view.getInt32(BUDGET, true) - view.getInt32(SLICE_LEFT, true), 40);
  assert.equal(current(machine), 0);
  assert.equal(reason(machine), EXIT_BUDGET);
});

test('leaving a block gives back what did not run', () => {
  const machine = ready();
  const record = blockAt(machine, LINEAR, 5, 2);
  blockAt(machine, LINEAR + 4n, 1);
  machine.beginSlice(LINEAR, 100);
  jump(machine, LINEAR);
  machine.view.setInt32(BUDGET, 95, true);
  machine.core['leaveAfter'](record + RECORD_SIZE);
  assert.equal(machine.view.getInt32(BUDGET, true), 98);
  assert.equal(machine.view.getBigUint64(RIP, true), LINEAR + 4n);
  jump(machine, LINEAR);
  machine.view.setInt32(BUDGET, 95, true);
  machine.core['suspend'](record + 2 * RECORD_SIZE);
  assert.equal(machine.view.getInt32(BUDGET, true), 98);
  assert.equal(machine.view.getBigUint64(RIP, true), LINEAR + 4n);
});

test('dropping all code empties the arena and finds nothing afterwards', () => {
  const machine = ready();
  blockAt(machine, LINEAR);
  blockAt(machine, LINEAR + 0x1000n);
  machine.core['dropAllCode']();
  assert.equal(jump(machine, LINEAR), 0);
  assert.equal(jump(machine, LINEAR + 0x1000n), 0);
  assert.equal(machine.frameFlags(machine.machineOf(PHYSICAL)) & FRAME_CODE, 0);
  const record = blockAt(machine, LINEAR);
  assert.equal(jump(machine, LINEAR), record);
});

test('code where there is no memory reads as ones', () => {
  const machine = new GuestMachine();
  machine.map(LINEAR, 0xf000_0000n | rights);
  machine.enter({ kind: 'long' });
  assert.equal(jump(machine, LINEAR + 5n), 0);
  assert.equal(reason(machine), EXIT_DECODE);
  const bytes = new Uint8Array(machine.view.buffer, machine.view.getUint32(DECODE_ADDRESS, true), 15);
  assert.ok(bytes.every((byte) => byte === 0xff));
  assert.deepEqual(machine.mmio, []);
});
