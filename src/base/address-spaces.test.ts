import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { guestPhysical } from './address.ts';
import { CompositionError } from './errors.ts';
import { IoPortSpace } from './io-port-space.ts';
import { MmioSpace } from './mmio-space.ts';
import type { MmioHandler } from './mmio.ts';
import type { PortClaim, PortSize } from './port-io.ts';

/** A claim that records what reaches it and reads as the low byte of the port in every byte. */
const recorder = (owner: string, first: number, count: number, width?: PortSize) => {
  const calls: string[] = [];
  const claim: PortClaim = {
    owner,
    first,
    count,
    ...(width === undefined ? {} : { width }),
    handler: {
      read(port, size) {
        calls.push(`r${size} ${port.toString(16)}`);
        return (port & 0xff) * 0x0101_0101;
      },
      write(port, size, value) {
        calls.push(`w${size} ${port.toString(16)} ${value.toString(16)}`);
      },
    },
  };
  return { claim, calls };
};

describe('I/O ports', () => {
  test('what nobody claims reads all ones and takes writes', () => {
    const ports = new IoPortSpace();
    ports.write(0x1234, 4, 5);
    assert.deepEqual([ports.read(0, 1), ports.read(0xffff, 2), ports.read(0x80, 4)], [0xff, 0xffff, 0xffff_ffff]);
  });

  test('wide accesses are split for a narrow device, low byte first', () => {
    const ports = new IoPortSpace();
    const { claim, calls } = recorder('narrow', 0x60, 2);
    ports.claim(claim);
    ports.write(0x60, 2, 0xabcd);
    ports.write(0x61, 4, 0x1122_3344);
    assert.equal(ports.read(0x60, 4), 0xffff_6160);
    assert.deepEqual(calls, ['w1 60 cd', 'w1 61 ab', 'w1 61 44', 'r1 60', 'r1 61']);
  });

  test('a wide device takes accesses whole, unless they leave its range', () => {
    const ports = new IoPortSpace();
    const { claim, calls } = recorder('wide', 0xcf8, 8, 4);
    ports.claim(claim);
    ports.write(0xcf8, 4, 0xffff_ffff);
    assert.equal(ports.read(0xcfc, 4), 0xfcfc_fcfc);
    assert.equal(ports.read(0xcfe, 4), 0xffff_fefe);
    assert.deepEqual(calls, ['w4 cf8 ffffffff', 'r4 cfc', 'r2 cfe']);
  });

  test('the last port wraps to the first', () => {
    const ports = new IoPortSpace();
    const { claim, calls } = recorder('zero', 0, 1);
    ports.claim(claim);
    ports.read(0xffff, 2);
    assert.deepEqual(calls, ['r1 0']);
  });

  test('two devices cannot have one port, until one gives it up', () => {
    const ports = new IoPortSpace();
    const held = ports.claim(recorder('uart', 0x3f8, 8).claim);
    const { claim } = recorder('other', 0x3f0, 9);
    assert.throws(() => ports.claim(claim), {
      name: 'CompositionError',
      message: "'other' claims I/O ports 0x3f0-0x3f8, but 'uart' has 0x3f8-0x3ff.",
    });
    assert.throws(() => ports.claim(recorder('far', 0xffff, 2).claim), CompositionError);
    held.dispose();
    held.dispose();
    ports.claim(claim);
    assert.deepEqual(ports.claims(), [claim]);
  });
});

describe('memory-mapped registers', () => {
  const handler = (calls: string[], name: string): MmioHandler => ({
    read(offset, size) {
      calls.push(`${name} r${size} ${offset}`);
      return 0x8765_4321;
    },
    write(offset, size, value) {
      calls.push(`${name} w${size} ${offset} ${value.toString(16)}`);
    },
  });

  test('accesses find their device, by offset', () => {
    const space = new MmioSpace();
    const calls: string[] = [];
    for (const base of [0xfee0_0000, 0xfec0_0000, 0x1_0000_0000]) {
      space.claim({
        owner: 'x',
        base: guestPhysical(base),
        length: 0x1000,
        handler: handler(calls, base.toString(16)),
      });
    }
    assert.equal(space.read(0xfec0_0010, 4), 0x8765_4321);
    assert.equal(space.read(0xfee0_0020, 1), 0x21);
    space.write(0x1_0000_0ffc, 4, 0xffff_ffff);
    assert.deepEqual(calls, ['fec00000 r4 16', 'fee00000 r1 32', '100000000 w4 4092 ffffffff']);
    assert.deepEqual(
      space.claims().map((claim) => claim.base),
      [0xfec0_0000, 0xfee0_0000, 0x1_0000_0000],
    );
    assert.equal(space.find(0xfec0_1000), undefined);
    assert.equal(space.read(0xfec0_1000, 4), 0xffff_ffff);
  });

  test('an access that leaves a range is taken byte by byte', () => {
    const space = new MmioSpace();
    const calls: string[] = [];
    space.claim({ owner: 'x', base: guestPhysical(0x1000), length: 6, handler: handler(calls, 'x') });
    assert.equal(space.read(0x1004, 4), 0xffff_2121);
    space.write(0x0ffe, 4, 0x4433_2211);
    assert.deepEqual(calls, ['x r1 4', 'x r1 5', 'x w1 0 33', 'x w1 1 44']);
  });

  test('eight bytes are two halves, low first, unless the device takes them whole', () => {
    const space = new MmioSpace();
    const calls: string[] = [];
    space.claim({ owner: 'halves', base: guestPhysical(0x1000), length: 16, handler: handler(calls, 'x') });
    assert.equal(space.read8(0x1008), 0x8765_4321_8765_4321n);
    space.write8(0x1000, 0x1122_3344_5566_7788n);
    assert.deepEqual(calls, ['x r4 8', 'x r4 12', 'x w4 0 55667788', 'x w4 4 11223344']);
    const whole: bigint[] = [];
    space.claim({
      owner: 'whole',
      base: guestPhysical(0x2000),
      length: 16,
      handler: {
        ...handler(calls, 'y'),
        read8: (offset) => BigInt(offset) - 1n,
        write8: (_, value) => void whole.push(value),
      },
    });
    assert.equal(space.read8(0x2000), 0xffff_ffff_ffff_ffffn);
    space.write8(0x2008, -1n);
    assert.deepEqual(whole, [0xffff_ffff_ffff_ffffn]);
    assert.equal(space.read8(0x3000), 0xffff_ffff_ffff_ffffn);
  });

  test('two devices cannot have one address, until one gives it up', () => {
    const space = new MmioSpace();
    const claim = { owner: 'a', base: guestPhysical(0x1000), length: 0x1000, handler: handler([], 'a') };
    const held = space.claim(claim);
    space.find(0x1000);
    assert.throws(() => space.claim({ ...claim, owner: 'b', base: guestPhysical(0x1fff) }), {
      message: "'b' claims memory 0x1fff-0x2ffe, but 'a' has 0x1000-0x1fff.",
    });
    held.dispose();
    assert.equal(space.find(0x1000), undefined);
    assert.throws(() => space.claim({ ...claim, length: 0 }), CompositionError);
  });
});
