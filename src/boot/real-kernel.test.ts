// Debian's own kernels, where `lodge image pull` has cached them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findImage } from '../cli/images/cache.ts';
import { bytesAt, MIB, plan, refuses, u16At, u32At } from './planned-memory.test.ts';

const IMAGES = [
  { name: 'debian', protocol: 'linux-64', entryOffset: 0x200 },
  { name: 'debian-i386', protocol: 'linux-32', entryOffset: 0 },
] as const;

for (const { name, protocol, entryOffset } of IMAGES) {
  const image = findImage(name);
  const skip = image === undefined && `no cached image; lodge image pull ${name} makes one`;
  describe(`the kernel of ${name}`, { skip }, () => {
    if (image === undefined) return;
    const kernel = readFileSync(image.kernel);
    const initrd = readFileSync(image.initrd);

    it('is planned by its protocol, with kernel and initrd whole in memory', () => {
      const planned = plan({ kernel, initrd, memoryBytes: 512 * MIB, append: 'console=ttyS0' });
      const page = Number(planned.cpu.registers.rsi);
      const loaded = u32At(planned, page + 0x214);
      assert.equal(planned.protocol, protocol);
      assert.equal(planned.cpu.rip, BigInt(loaded + entryOffset));
      assert.ok(u16At(planned, page + 0x206) >= 0x20f);
      // The first instruction of the payload is CLD in both kernels.
      assert.equal(bytesAt(planned, loaded, 1)[0], 0xfc);
      assert.deepEqual(Buffer.from(bytesAt(planned, u32At(planned, page + 0x218), 64)), initrd.subarray(0, 64));
      assert.equal(u32At(planned, page + 0x21c), initrd.length);
    });

    it('is refused in less memory than it needs', () => {
      refuses({ kernel, memoryBytes: 16 * MIB }, /--memory/);
    });
  });
}
