import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BootRequest } from './boot-plan.ts';
import { bytesAt, MIB, plan, refuses, textAt, u32At, u64At } from './planned-memory.test.ts';
import { elf, multibootBytes } from './synthetic-kernels.test.ts';

const HEADER = multibootBytes(3);
const SEGMENT = { physical: 0x100000, bytes: HEADER, memoryLength: 0x2345 };
const KERNEL = elf({ entry: 0x100020, segments: [SEGMENT] });
const ADDRESSES_VALID = 0x10000;

const request = (kernel: Uint8Array, rest: Partial<BootRequest> = {}): BootRequest => ({
  kernel,
  memoryBytes: 64 * MIB,
  ...rest,
});

describe('the Multiboot entry', () => {
  const modules = [
    { bytes: Uint8Array.of(1, 2, 3), commandLine: 'first one' },
    { bytes: new Uint8Array(4097).fill(7) },
  ];
  const planned = plan(request(KERNEL, { append: 'root=a', modules }));
  const info = Number(planned.cpu.registers.rbx);

  it('enters flat 32-bit code with the magic number in EAX', () => {
    assert.equal(planned.protocol, 'multiboot');
    assert.equal(planned.cpu.mode, 'protected');
    assert.equal(planned.cpu.rip, 0x100020n);
    assert.equal(planned.cpu.registers.rax, 0x2badb002n);
    assert.deepEqual([planned.cpu.cr0, planned.cpu.rflags], [0x11, 2]);
    assert.deepEqual(bytesAt(planned, 0x100000, HEADER.length), HEADER);
  });

  it('gives memory sizes, command line and loader name', () => {
    assert.equal(u32At(planned, info), 0x24d);
    assert.equal(u32At(planned, info + 4), 639);
    assert.equal(u32At(planned, info + 8), 63 * 1024);
    assert.equal(textAt(planned, u32At(planned, info + 16)), 'root=a');
    assert.equal(textAt(planned, u32At(planned, info + 64)), 'Lodge');
  });

  it('gives the memory map, whose entries do not count their size field', () => {
    assert.equal(u32At(planned, info + 44), 4 * 24);
    const entry = u32At(planned, info + 48) + 2 * 24;
    assert.equal(u32At(planned, entry), 20);
    assert.deepEqual([u64At(planned, entry + 4), u64At(planned, entry + 12)], [0x100000n, 0x3f00000n]);
    assert.equal(u32At(planned, entry + 20), 1);
  });

  it('puts modules on pages past the kernel', () => {
    const list = u32At(planned, info + 24);
    assert.equal(u32At(planned, info + 20), 2);
    assert.deepEqual([u32At(planned, list), u32At(planned, list + 4)], [0x103000, 0x103003]);
    assert.equal(textAt(planned, u32At(planned, list + 8)), 'first one');
    assert.deepEqual([u32At(planned, list + 16), u32At(planned, list + 20)], [0x104000, 0x105001]);
    assert.deepEqual(bytesAt(planned, 0x103000, 3), Uint8Array.of(1, 2, 3));
    assert.equal(bytesAt(planned, 0x105000, 1)[0], 7);
  });

  it('turns a virtual entry point into a physical one, in 32- and 64-bit ELF', () => {
    const low = elf({ entry: 0xc0100020, segments: [{ ...SEGMENT, virtual: 0xc0100000 }] });
    assert.equal(plan(request(low)).cpu.rip, 0x100020n);
    const segments = [{ ...SEGMENT, virtual: 0xffffffff80100000n }];
    const high = elf({ bits: 64, entry: 0xffffffff80100020n, segments });
    assert.equal(plan(request(high)).cpu.rip, 0x100020n);
  });

  it('passes the initrd as first module', () => {
    const withInitrd = plan(request(KERNEL, { initrd: Uint8Array.of(5), modules }));
    const at = Number(withInitrd.cpu.registers.rbx);
    assert.equal(u32At(withInitrd, at + 20), 3);
    assert.deepEqual(bytesAt(withInitrd, u32At(withInitrd, u32At(withInitrd, at + 24)), 1), Uint8Array.of(5));
  });
});

describe('a Multiboot header with addresses', () => {
  const flat = (addresses: readonly number[], before = 0) => {
    const file = new Uint8Array(before + 0x100).fill(0x90);
    file.set(multibootBytes(ADDRESSES_VALID, addresses, 32), before);
    return file;
  };

  it('loads a file that is not ELF from its header’s position', () => {
    const kernel = flat([0x200010, 0x200000, 0x200080, 0x201000, 0x200044], 0x30);
    const planned = plan(request(kernel, { modules: [{ bytes: Uint8Array.of(1) }] }));
    assert.equal(planned.cpu.rip, 0x200044n);
    assert.deepEqual(bytesAt(planned, 0x200000, 0x80), kernel.subarray(0x20, 0xa0));
    assert.equal(bytesAt(planned, 0x200080, 1)[0], 0);
    const info = Number(planned.cpu.registers.rbx);
    assert.equal(u32At(planned, u32At(planned, info + 24)), 0x201000, 'modules lie past the bss');
  });

  it('takes zero for the rest of the file and for no bss', () => {
    const kernel = flat([0x100000, 0x100000, 0, 0, 0x100020]);
    assert.deepEqual(bytesAt(plan(request(kernel)), 0x100000, 0x100), kernel);
  });

  it('overrides the ELF headers', () => {
    const body = multibootBytes(ADDRESSES_VALID, [0x200000, 0x200000, 0, 0, 0x200020]);
    const planned = plan(request(elf({ entry: 0x100020, segments: [{ ...SEGMENT, bytes: body }] })));
    assert.equal(planned.cpu.rip, 0x200020n);
  });

  it('is refused when the addresses contradict each other or the file', () => {
    refuses(request(flat([0x100000, 0x200000, 0, 0, 0x200000])), /header 0x100000, load 0x200000/);
    refuses(request(flat([0x100010, 0x100000, 0, 0, 0x100000])), /contradict/);
    refuses(request(flat([0x100000, 0x100000, 0x90000, 0, 0x100000])), /contradict/);
    refuses(request(flat([0x100000, 0x100000, 0, 0x100001, 0x100000])), /contradict/);
    refuses(request(flat([0x100000, 0x100000, 0, 0, 0x100100])), /contradict/);
    refuses(request(flat([0x100000, 0x100000, 0x100101, 0, 0x100000])), /cut short/);
    refuses(request(flat([0xffffff00, 0xffffff00, 0, 0, 0xffffff00])), /past the end of guest memory/);
  });
});

describe('a Multiboot request that cannot be met', () => {
  it('refuses requirements that it does not know', () => {
    refuses(request(elf({ segments: [{ ...SEGMENT, bytes: multibootBytes(0x8) }] })), /flags 0x8/);
  });

  it('needs a valid checksum within 8 KiB of the start', () => {
    const wrong = KERNEL.slice();
    wrong[wrong.length - 64 + 8]! ^= 1;
    refuses(request(wrong), /neither a PVH entry note nor a Multiboot header/);
    const late = Uint8Array.of(...new Uint8Array(8192), ...HEADER);
    refuses(request(elf({ segments: [{ physical: 0x100000, bytes: late }] })), /neither/);
  });

  it('refuses what does not fit', () => {
    refuses(request(KERNEL, { modules: [{ bytes: new Uint8Array(63 * MIB) }] }), /module 1 \(63 MiB\) does not fit/);
    const segments = [{ physical: 0xa0000, bytes: HEADER }];
    refuses(request(elf({ segments })), /no RAM/);
    refuses(request(elf({ entry: 0x1000, segments: [SEGMENT] })), /entry point 0x1000/);
    const everything = elf({
      segments: [
        { ...SEGMENT, memoryLength: 63 * MIB },
        { physical: 0, bytes: HEADER, memoryLength: 0x9fc00 },
      ],
    });
    refuses(request(everything), /no room in guest memory/);
  });
});
