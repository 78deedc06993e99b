import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guestPhysical } from '../base/address.ts';
import type { BootPlan } from './boot-plan.ts';
import { bytesAt, MIB, plan, refuses, textAt, u16At, u32At, u64At, u8At } from './planned-memory.test.ts';
import { bzImage, PAYLOAD } from './synthetic-kernels.test.ts';

const LINUX_32 = { extendedFlags: 0 };
const zeroPageOf = (planned: BootPlan): number => Number(planned.cpu.registers.rsi);

/** The memory map in boot_params as [address, length, type]. */
function e820(planned: BootPlan): [bigint, bigint, number][] {
  const page = zeroPageOf(planned);
  return Array.from({ length: u8At(planned, page + 0x1e8) }, (_, index) => {
    const entry = page + 0x2d0 + index * 20;
    return [u64At(planned, entry), u64At(planned, entry + 8), u32At(planned, entry + 16)];
  });
}

describe('the 64-bit Linux entry', () => {
  const planned = plan({ kernel: bzImage(), memoryBytes: 64 * MIB, append: 'console=ttyS0 é' });
  const { cpu } = planned;

  it('puts the protected-mode part at its preferred address and enters 0x200 past it', () => {
    assert.equal(planned.protocol, 'linux-64');
    assert.deepEqual(bytesAt(planned, 0x1000000, PAYLOAD.length), PAYLOAD);
    assert.equal(cpu.rip, 0x1000200n);
  });

  it('starts in 64-bit code with interrupts off', () => {
    assert.equal(cpu.mode, 'long');
    assert.equal(cpu.cr0, 0x80000011);
    assert.equal(cpu.cr4, 0x20);
    assert.equal(cpu.efer, 0x500);
    assert.equal(cpu.rflags, 2);
    assert.deepEqual(cpu.segments.cs, { selector: 0x10, base: 0n, limit: 0xffffffff, accessRights: 0xa09b });
    assert.deepEqual(cpu.segments.ss, { selector: 0x18, base: 0n, limit: 0xffffffff, accessRights: 0xc093 });
  });

  it('has descriptors in the GDT that say what the segment registers hold', () => {
    const { base, limit } = cpu.gdtr;
    assert.equal(limit, 31);
    assert.equal(u64At(planned, Number(base) + 0x10), 0x00af9b000000ffffn);
    assert.equal(u64At(planned, Number(base) + 0x18), 0x00cf93000000ffffn);
  });

  it('maps every address below 4 GiB to itself, writable, in 2 MiB pages', () => {
    const entryAt = (table: bigint, index: number) => u64At(planned, Number(table) + index * 8);
    const present = (entry: bigint) => (assert.equal(entry & 0xfffn, 3n), entry & ~0xfffn);
    const pointers = present(entryAt(BigInt(cpu.cr3), 0));
    for (const address of [0n, 0x200000n, 0x3fffffffn, 0x40000000n, 0x1000200n, 0xfee00000n, 0xffffffffn]) {
      const directory = present(entryAt(pointers, Number(address >> 30n)));
      assert.equal(entryAt(directory, Number((address >> 21n) & 511n)), ((address >> 21n) << 21n) | 0x83n);
    }
    assert.equal(entryAt(pointers, 4), 0n);
    assert.equal(cpu.cr3 % 4096, 0);
  });

  it('copies the setup header to boot_params and fills in what a loader must', () => {
    const page = zeroPageOf(planned);
    assert.equal(page % 4096, 0);
    assert.deepEqual(bytesAt(planned, page + 0x230, 0x26c - 0x230), bzImage().subarray(0x230, 0x26c));
    assert.equal(u32At(planned, page + 0x26c), 0, 'the header ends at 0x202 plus the byte at 0x201');
    assert.equal(u8At(planned, page + 0x210), 0xff, 'type_of_loader');
    assert.equal(u8At(planned, page + 0x211), 1, 'loadflags');
    assert.equal(u32At(planned, page + 0x214), 0x1000000, 'code32_start');
    assert.equal(textAt(planned, u32At(planned, page + 0x228)), 'console=ttyS0 Ã©', 'UTF-8');
    assert.deepEqual(bytesAt(planned, page, 0x1e8), new Uint8Array(0x1e8), 'no screen, no RSDP, no initrd');
    assert.equal(u8At(planned, page + 0x1ef), 0, 'the sentinel that shows a copied boot sector');
    assert.equal(u32At(planned, page + 0x218) + u32At(planned, page + 0x21c), 0);
  });

  it('tells the kernel where the RSDP is', () => {
    const rsdpAddress = guestPhysical(0xe0000);
    const withTables = plan({ kernel: bzImage(), memoryBytes: 64 * MIB, rsdpAddress });
    assert.equal(u64At(withTables, zeroPageOf(withTables) + 0x70), 0xe0000n);
  });

  it('describes memory below and above the holes of a PC', () => {
    assert.deepEqual(e820(planned), [
      [0n, 0x9fc00n, 1],
      [0x9fc00n, 0x60400n, 2],
      [0x100000n, 0x3f00000n, 1],
      [0xfec00000n, 0x1400000n, 2],
    ]);
    const big = plan({ kernel: bzImage(), memoryBytes: 5120 * MIB + 100 });
    assert.deepEqual(e820(big).slice(2), [
      [0x100000n, 0xbff00000n, 1],
      [0xfec00000n, 0x1400000n, 2],
      [0x100000000n, 0x80000000n, 1],
    ]);
  });

  it('cuts firmware tables out of RAM and keeps clear of them', () => {
    const firmwareRanges = [{ address: guestPhysical(0x1100000), length: 0x10000, type: 'acpiReclaimable' }] as const;
    const moved = plan({ kernel: bzImage(), memoryBytes: 64 * MIB, firmwareRanges });
    assert.deepEqual(e820(moved).slice(2, 5), [
      [0x100000n, 0x1000000n, 1],
      [0x1100000n, 0x10000n, 3],
      [0x1110000n, 0x2ef0000n, 1],
    ]);
    assert.equal(moved.cpu.rip, 0x1200200n, 'the next address of the kernel’s alignment');
    assert.equal(u32At(moved, zeroPageOf(moved) + 0x214), 0x1200000);
    refuses({ kernel: bzImage({ relocatable: false }), memoryBytes: 64 * MIB, firmwareRanges }, /8 MiB.*0x1000000 /);
  });

  it('reads images with the oldest setup size, and with a size that is no multiple of 16', () => {
    const old = plan({ kernel: bzImage({ setupSectors: 0 }), memoryBytes: 64 * MIB });
    assert.deepEqual(bytesAt(old, 0x1000000, PAYLOAD.length), PAYLOAD);
    const odd = plan({ kernel: bzImage({ payload: PAYLOAD.subarray(0, 1001) }), memoryBytes: 64 * MIB });
    assert.deepEqual(bytesAt(odd, 0x1000000, 1001), PAYLOAD.subarray(0, 1001));
  });

  it('does not let the header run into what follows it in boot_params', () => {
    const long = plan({ kernel: bzImage({ headerJump: 0xff, payload: PAYLOAD }), memoryBytes: 64 * MIB });
    assert.equal(u64At(long, zeroPageOf(long) + 0x2d0 + 8), 0x9fc00n);
  });
});

describe('the 32-bit Linux entry', () => {
  it('enters the start of an image without a 64-bit entry in flat protected mode', () => {
    const planned = plan({ kernel: bzImage(LINUX_32), memoryBytes: 64 * MIB });
    assert.equal(planned.protocol, 'linux-32');
    assert.equal(planned.cpu.mode, 'protected');
    assert.equal(planned.cpu.rip, 0x1000000n);
    assert.equal(planned.cpu.cr0, 0x11);
    assert.deepEqual([planned.cpu.cr3, planned.cpu.cr4, planned.cpu.efer], [0, 0, 0]);
    assert.equal(planned.cpu.segments.cs.accessRights, 0xc09b);
    assert.deepEqual([planned.cpu.registers.rbx, planned.cpu.registers.rbp, planned.cpu.registers.rdi], [0n, 0n, 0n]);
    assert.equal(u16At(planned, zeroPageOf(planned) + 0x206), 0x20f);
    assert.equal(u64At(planned, Number(planned.cpu.gdtr.base) + 0x10), 0x00cf9b000000ffffn);
  });

  it('loads kernels from before the preferred address at 1 MiB', () => {
    const planned = plan({ kernel: bzImage({ version: 0x203, relocatable: false }), memoryBytes: 16 * MIB });
    assert.equal(planned.cpu.rip, 0x100000n);
    assert.deepEqual(bytesAt(planned, 0x100000, PAYLOAD.length), PAYLOAD);
  });
});

describe('the initrd', () => {
  const initrd = new Uint8Array(5000).fill(0x5a);
  const where = (planned: BootPlan): bigint => {
    const page = zeroPageOf(planned);
    assert.equal(u32At(planned, page + 0x21c), initrd.length);
    assert.equal(u32At(planned, page + 0xc4), 0);
    return BigInt(u32At(planned, page + 0x218)) | (BigInt(u32At(planned, page + 0xc0)) << 32n);
  };

  it('goes on a page at the top of memory', () => {
    const planned = plan({ kernel: bzImage(), memoryBytes: 64 * MIB, initrd });
    assert.equal(where(planned), 0x3ffe000n);
    assert.deepEqual(bytesAt(planned, 0x3ffe000, 5000), initrd);
  });

  it('stays below the highest address that the kernel allows', () => {
    const kernel = bzImage({ initrdMax: 0x2ffffff });
    assert.equal(where(plan({ kernel, memoryBytes: 64 * MIB, initrd })), 0x2ffe000n);
    const old = bzImage({ version: 0x202, relocatable: false });
    assert.equal(where(plan({ kernel: old, memoryBytes: 2048 * MIB, initrd })), 0x37ffe000n);
  });

  it('goes above 4 GiB only when there is no room below and the kernel reads such addresses', () => {
    const kernel = bzImage({ initrdMax: 0xfffff });
    assert.equal(where(plan({ kernel, memoryBytes: 4096 * MIB, initrd })), 0x13fffe000n);
    const narrow = bzImage({ initrdMax: 0xfffff, extendedFlags: 1 });
    refuses({ kernel: narrow, memoryBytes: 4096 * MIB, initrd }, /initrd \(4\.9 KiB\) does not fit/);
  });

  it('is ignored when empty, and refused when larger than memory', () => {
    const planned = plan({ kernel: bzImage(), memoryBytes: 64 * MIB, initrd: new Uint8Array(0) });
    assert.equal(u32At(planned, zeroPageOf(planned) + 0x218), 0);
    const large = new Uint8Array(60 * MIB);
    refuses({ kernel: bzImage(), memoryBytes: 64 * MIB, initrd: large }, /initrd \(60 MiB\) .*--memory/);
  });
});

describe('a Linux request that cannot be met', () => {
  it('refuses too little memory', () => {
    refuses({ kernel: bzImage(), memoryBytes: 16 * MIB }, /needs 8 MiB .* at 0x1000000 .*ends at 0x1000000.*--memory/);
    refuses({ kernel: bzImage(), memoryBytes: 1000 }, /at least 2 MiB .* has 1000 bytes/);
    refuses({ kernel: bzImage(), memoryBytes: Number.NaN }, /at least 2 MiB/);
    refuses({ kernel: bzImage(), memoryBytes: 2 ** 53 }, /at most/);
  });

  it('refuses a kernel that asks for memory past 4 GiB', () => {
    refuses({ kernel: bzImage({ preferredAddress: 2 ** 40 }), memoryBytes: 64 * MIB }, /0x10000000000/);
    refuses({ kernel: bzImage({ preferredAddress: 2 ** 60 }), memoryBytes: 64 * MIB }, /impossible address/);
    refuses({ kernel: bzImage({ initSize: 0xffffffff }), memoryBytes: 64 * MIB }, /4\.0 GiB/);
  });

  it('refuses a command line that is too long or holds a zero byte', () => {
    const kernel = bzImage({ commandLineSize: 10 });
    assert.ok(plan({ kernel, memoryBytes: 64 * MIB, append: '0123456789' }));
    refuses({ kernel, memoryBytes: 64 * MIB, append: '0123456789a' }, /11 bytes .* at most 10/);
    refuses({ kernel, memoryBytes: 64 * MIB, append: 'ééééé€' }, /13 bytes/);
    const old = bzImage({ version: 0x205 });
    refuses({ kernel: old, memoryBytes: 64 * MIB, append: 'a'.repeat(256) }, /256 bytes .* at most 255/);
    const boundless = bzImage({ commandLineSize: 0xffffffff });
    refuses({ kernel: boundless, memoryBytes: 64 * MIB, append: 'a'.repeat(70000) }, /at most 65535/);
    refuses({ kernel, memoryBytes: 64 * MIB, append: 'a\0b' }, /zero byte/);
  });

  it('refuses images that only start in real mode', () => {
    refuses({ kernel: bzImage({ loadFlags: 0 }), memoryBytes: 64 * MIB }, /zImage \(boot protocol 2\.15\)/);
    refuses({ kernel: bzImage({ version: 0x201 }), memoryBytes: 64 * MIB }, /zImage \(boot protocol 2\.01\)/);
  });

  it('refuses damaged and truncated images wherever they are cut', () => {
    const whole = bzImage();
    for (const length of [0x206, 0x210, 0x233, 0x25c, 0x263, 1024, 2048, whole.length - 16]) {
      refuses({ kernel: whole.subarray(0, length), memoryBytes: 64 * MIB }, /cut short/);
    }
    refuses({ kernel: bzImage({ alignment: 0 }), memoryBytes: 64 * MIB }, /alignment of 0/);
    refuses({ kernel: bzImage({ alignment: 0x300000 }), memoryBytes: 64 * MIB }, /alignment of 3145728/);
    refuses({ kernel: bzImage({ payload: new Uint8Array(0) }), memoryBytes: 64 * MIB }, /cut short/);
  });

  it('refuses modules', () => {
    refuses({ kernel: bzImage(), memoryBytes: 64 * MIB, modules: [{ bytes: PAYLOAD }] }, /--initrd/);
  });
});
