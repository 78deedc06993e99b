import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MIB, plan, refuses } from './planned-memory.test.ts';
import { bzImage, elf, littleEndian32, multibootBytes, note } from './synthetic-kernels.test.ts';

const boot = (kernel: Uint8Array) => ({ kernel, memoryBytes: 64 * MIB });
const file = (at: number, ...bytes: number[]): Uint8Array => {
  const content = new Uint8Array(0x9000).fill(0x11);
  content.set(bytes, at);
  return content;
};

describe('recognising a kernel by its content', () => {
  const segments = [{ physical: 0x100000, bytes: multibootBytes(0) }];

  it('prefers the PVH note to a Multiboot header, as it says more', () => {
    assert.equal(plan(boot(bzImage())).protocol, 'linux-64');
    assert.equal(plan(boot(elf({ segments }))).protocol, 'multiboot');
    const notes = note('Xen', 18, littleEndian32(0x100000));
    assert.equal(plan(boot(elf({ segments, notes }))).protocol, 'pvh');
  });

  it('refuses an uncompressed Linux kernel without a PVH note', () => {
    const kernel = elf({ segments: [{ physical: 0x1000000, bytes: new Uint8Array(16) }] });
    refuses(boot(kernel), /neither a PVH entry note nor a Multiboot header.*bzImage.*CONFIG_PVH/);
  });

  it('names what a file that is no kernel seems to be', () => {
    refuses(boot(new Uint8Array(0)), /empty/);
    refuses(boot(file(0, 0x1f, 0x8b, 8)), /gzip/);
    refuses(boot(file(0, 0xfd, 0x37, 0x7a, 0x58, 0x5a)), /unxz/);
    refuses(boot(file(0, 0x28, 0xb5, 0x2f, 0xfd)), /unzstd/);
    refuses(boot(file(0, ...new TextEncoder().encode('070701'))), /cpio archive.*--initrd/);
    refuses(boot(file(0, ...new TextEncoder().encode('!<arch>\n'))), /package/);
    refuses(boot(file(0x38, ...new TextEncoder().encode('ARMd'))), /arm64/);
    refuses(boot(file(0x8001, ...new TextEncoder().encode('CD001'))), /CD image/);
    refuses(boot(file(0x1fe, 0x55, 0xaa)), /boot sector/);
    refuses(boot(new TextEncoder().encode('#!/bin/sh\n')), /no kernel that Lodge knows; pass a Linux bzImage/);
    refuses(boot(Uint8Array.of(0x7f)), /no kernel/);
  });

  it('answers any bytes with a plan or one sentence', () => {
    // Every byte of each kind of file is damaged in turn, in three ways.
    const kernels = [
      bzImage({ payload: new Uint8Array(64) }),
      elf({ segments, notes: note('Xen', 18, littleEndian32(0x100000)) }),
      elf({ bits: 64, segments }),
      multibootBytes(0x10000, [0x100000, 0x100000, 0, 0, 0x100000]),
    ];
    for (const kernel of kernels) {
      for (let at = 0; at < Math.min(kernel.length, 0x280); at++) {
        for (const damage of [0x01, 0x80, 0xff]) {
          const damaged = kernel.slice();
          damaged[at]! ^= damage;
          try {
            plan(boot(damaged));
          } catch (error) {
            if ((error as Error).name === 'UserError') continue;
            throw error;
          }
        }
      }
    }
  });
});
