import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guestPhysical } from '../base/address.ts';
import type { BootRequest } from './boot-plan.ts';
import { bytesAt, MIB, plan, refuses, textAt, u32At, u64At } from './planned-memory.test.ts';
import { elf, type ElfOptions, littleEndian32, littleEndian64, note } from './synthetic-kernels.test.ts';

const CODE = Uint8Array.of(0xf4, 0xeb, 0xfd);
const ENTRY = 0x1000001;
const ENTRY_NOTE = note('Xen', 18, littleEndian32(ENTRY));
const SEGMENT = { physical: 0x1000000, bytes: CODE, memoryLength: 0x3000 };

const pvh = (options: ElfOptions = {}): Uint8Array => elf({ segments: [SEGMENT], notes: ENTRY_NOTE, ...options });
const request = (kernel: Uint8Array, rest: Partial<BootRequest> = {}): BootRequest => ({
  kernel,
  memoryBytes: 64 * MIB,
  ...rest,
});

describe('the PVH entry', () => {
  it('enters the address in the note in flat 32-bit code, EBX pointing to the start info', () => {
    const planned = plan(request(pvh(), { append: 'quiet', rsdpAddress: guestPhysical(0xe0010) }));
    const info = Number(planned.cpu.registers.rbx);
    assert.equal(planned.protocol, 'pvh');
    assert.equal(planned.cpu.mode, 'protected');
    assert.equal(planned.cpu.rip, BigInt(ENTRY));
    assert.deepEqual([planned.cpu.cr0, planned.cpu.cr4, planned.cpu.rflags], [0x11, 0, 2]);
    assert.deepEqual(planned.cpu.segments.tr, { selector: 0, base: 0n, limit: 0x67, accessRights: 0x8b });
    assert.deepEqual(bytesAt(planned, 0x1000000, 4), Uint8Array.of(0xf4, 0xeb, 0xfd, 0));
    assert.equal(u32At(planned, info), 0x336ec578);
    assert.equal(u32At(planned, info + 4), 1);
    assert.equal(u32At(planned, info + 12), 0);
    assert.equal(u64At(planned, info + 16), 0n);
    assert.equal(textAt(planned, Number(u64At(planned, info + 24))), 'quiet');
    assert.equal(u64At(planned, info + 32), 0xe0010n);
  });

  it('passes the memory map', () => {
    const planned = plan(request(pvh()));
    const info = Number(planned.cpu.registers.rbx);
    const table = Number(u64At(planned, info + 40));
    const entries = Array.from({ length: u32At(planned, info + 48) }, (_, index) => [
      u64At(planned, table + index * 24),
      u64At(planned, table + index * 24 + 8),
      u32At(planned, table + index * 24 + 16),
    ]);
    assert.deepEqual(entries, [
      [0n, 0x9fc00n, 1],
      [0x9fc00n, 0x60400n, 2],
      [0x100000n, 0x3f00000n, 1],
      [0xfec00000n, 0x1400000n, 2],
    ]);
  });

  it('passes the initrd, then the modules, past the end of the kernel', () => {
    const modules = [{ bytes: CODE, commandLine: 'second' }];
    const planned = plan(request(pvh(), { initrd: new Uint8Array(5000).fill(9), modules }));
    const info = Number(planned.cpu.registers.rbx);
    const list = Number(u64At(planned, info + 16));
    assert.equal(u32At(planned, info + 12), 2);
    assert.deepEqual([u64At(planned, list), u64At(planned, list + 8)], [0x1003000n, 5000n]);
    assert.deepEqual([u64At(planned, list + 32), u64At(planned, list + 40)], [0x1005000n, 3n]);
    assert.equal(textAt(planned, Number(u64At(planned, list + 16))), '');
    assert.equal(textAt(planned, Number(u64At(planned, list + 48))), 'second');
    assert.deepEqual(bytesAt(planned, 0x1003000, 1), Uint8Array.of(9));
    assert.deepEqual(bytesAt(planned, 0x1005000, 3), CODE);
  });

  it('reads 64-bit ELF with an 8-byte note among others, segments linked at high addresses', () => {
    const notes = Uint8Array.of(
      ...note('Xen', 6, new TextEncoder().encode('linux\0')),
      ...note('GNU', 18, littleEndian32(1)),
      ...note('Xen', 18, littleEndian64(ENTRY)),
    );
    const segments = [{ ...SEGMENT, virtual: 0xffffffff81000000n }];
    const planned = plan(request(pvh({ bits: 64, notes, segments, entry: 0xffffffff81000000n })));
    assert.equal(planned.cpu.rip, BigInt(ENTRY));
    assert.deepEqual(bytesAt(planned, 0x1000000, 3), CODE);
  });

  it('keeps its own data out of low memory that the kernel occupies', () => {
    const low = { physical: 0x1000, bytes: new Uint8Array(0x9e000).fill(0xcc), memoryLength: 0x9ec00 };
    const planned = plan(request(pvh({ segments: [low, SEGMENT] })));
    assert.ok(planned.cpu.registers.rbx >= 0x100000n);
  });
});

describe('a PVH request that cannot be met', () => {
  it('refuses segments outside RAM', () => {
    const at = (physical: number, memoryLength = 0x3000) =>
      pvh({ bits: 64, segments: [{ physical, bytes: CODE, memoryLength }] });
    refuses(request(at(64 * MIB - 0x1000)), /12 KiB at 0x3fff000, past the end of guest memory at 0x4000000/);
    refuses(request(at(0x9f000)), /at 0x9f000, where a PC has no RAM/);
    refuses(request(at(0xfee00000)), /past the end/);
    refuses(request(at(0xfee00000), { memoryBytes: 8192 * MIB }), /0xfee00000, where a PC has no RAM/);
    refuses(request(at(0x100000000), { memoryBytes: 8192 * MIB }), /past 4 GiB/);
    refuses(request(at(0xfffffffe, 3)), /past 4 GiB/);
    refuses(request(at(0x1000000, 2 ** 51)), /past 4 GiB/);
    refuses(request(at(2 ** 53)), /impossible address/);
  });

  it('refuses overlapping segments', () => {
    const segments = [SEGMENT, { physical: 0x1002fff, bytes: CODE }];
    refuses(request(pvh({ segments })), /0x1002fff overlaps the kernel segment at 0x1000000/);
  });

  it('refuses an entry outside what is loaded', () => {
    for (const entry of [0, 0xffffff, 0x1003000, 0xffffffff]) {
      refuses(request(pvh({ notes: note('Xen', 18, littleEndian32(entry)) })), /entry point/);
    }
    refuses(request(pvh({ notes: note('Xen', 18, Uint8Array.of(1, 2)) })), /cut short/);
  });

  it('refuses files that are damaged, or not executables for x86', () => {
    refuses(request(pvh({ machine: 183 })), /machine 183, not for x86/);
    refuses(request(pvh({ type: 1 })), /type 1, not an executable/);
    refuses(request(pvh({ segments: [] })), /nothing to load/);
    const more = { physical: 0x1000000, bytes: CODE, memoryLength: 2 };
    refuses(request(pvh({ segments: [more] })), /more bytes in the file \(3\) than in memory \(2\)/);
    const bigEndian = pvh();
    bigEndian[5] = 2;
    refuses(request(bigEndian), /byte order/);
  });

  it('refuses the file wherever it is cut', () => {
    for (const bits of [32, 64] as const) {
      const whole = pvh({ bits });
      for (let length = 4; length < whole.length; length++) {
        refuses(request(whole.subarray(0, length)), /cut short/);
      }
    }
  });

  it('refuses modules and command lines that do not fit', () => {
    refuses(request(pvh(), { initrd: new Uint8Array(64 * MIB) }), /initrd \(64 MiB\) does not fit/);
    refuses(request(pvh(), { modules: [{ bytes: new Uint8Array(64 * MIB) }] }), /module 1 \(64 MiB\)/);
    refuses(request(pvh(), { append: 'x'.repeat(65536) }), /65536 bytes .* at most 65535/);
    const modules = [{ bytes: CODE, commandLine: 'x\0' }];
    refuses(request(pvh(), { modules }), /command line of module 1 holds a zero byte/);
  });
});
