// Bochs boots disks alone: a disk image with a kernel, an initramfs and what Linux's boot protocol wants of a boot
// loader (Linux Documentation/x86/boot.rst and zero-page.rst), and the configuration that has Bochs boot it.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from './processes.ts';

const SHARE = '/usr/share/bochs';
const FIRMWARE = join(SHARE, 'BIOS-bochs-latest');
const VGA_FIRMWARE = join(SHARE, 'VGABIOS-lgpl-latest');
const SECTOR = 512;
const CYLINDER = 16 * 63 * SECTOR;
const MIB = 2 ** 20;

// Where things go in guest memory: the kernel where it prefers to be, with room to unpack itself.
const KERNEL = 16 * MIB;
const PARAMETERS = 112 * MIB;
const INITRD = 128 * MIB;

// Offsets in the kernel file's setup header, which boot_params has at the same place.
const SETUP_SECTORS = 0x1f1;
const HEADER_JUMP = 0x201;
const LOADER_TYPE = 0x210;
const RAMDISK = 0x218;
const COMMAND_LINE = 0x228;
const E820_COUNT = 0x1e8;
const E820 = 0x2d0;
// Offsets in the boot sector, bench/guests/bochs-boot.S.
const ENTRY = 0x1b0;
const PIECES = 0x1b8;

const USABLE = 1;
const RESERVED = 2;
const ACPI = 3;

export const bochsIsInstalled = (): boolean => existsSync(FIRMWARE) && existsSync(VGA_FIRMWARE);

/** Writes the disk and the configuration to `directory`; returns the arguments of Bochs, and where its serial port leads. */
export function makeBochsDisk(
  directory: string,
  files: { readonly kernel: string; readonly initrd: string; readonly append: string },
  mebibytes: number,
): { options: string[]; serial: string } {
  const kernel = readFileSync(files.kernel);
  const initrd = readFileSync(files.initrd);
  const sector = readFileSync(buildBootSector(directory));
  sector.writeUInt32LE(KERNEL, ENTRY);
  sector.writeUInt32LE(PARAMETERS, ENTRY + 4);
  const pieces: readonly [address: number, data: Buffer][] = [
    [KERNEL, kernel.subarray((kernel[SETUP_SECTORS]! + 1) * SECTOR)],
    [PARAMETERS, bootParameters(kernel, initrd.length, files.append, mebibytes)],
    [INITRD, initrd],
  ];
  const contents: Buffer[] = [sector];
  let next = 1;
  pieces.forEach(([address, data], index) => {
    const sectors = Math.ceil(data.length / SECTOR);
    [next, sectors, address].forEach((value, at) => sector.writeUInt32LE(value, PIECES + index * 12 + at * 4));
    contents.push(data, Buffer.alloc(sectors * SECTOR - data.length));
    next += sectors;
  });
  const cylinders = Math.ceil((next * SECTOR) / CYLINDER);
  contents.push(Buffer.alloc(cylinders * CYLINDER - next * SECTOR));
  const disk = join(directory, 'bochs.disk');
  writeFileSync(disk, Buffer.concat(contents));
  // What a Bochs that was killed left behind.
  rmSync(`${disk}.lock`, { force: true });

  // Bochs opens a file by its name, which Node.js' own standard output does not allow: it is a socket.
  const serial = join(directory, 'bochs.serial');
  if (!existsSync(serial)) execFileSync('mkfifo', [serial]);
  const configuration = join(directory, 'bochs.conf');
  // The display is for a viewer that nobody starts; every package of Bochs has that one.
  const lines = [
    'display_library: rfb, options="timeout=0"',
    `megs: ${mebibytes}`,
    `romimage: file=${FIRMWARE}`,
    `vgaromimage: file=${VGA_FIRMWARE}`,
    'cpu: model=corei5_lynnfield_750, ips=100000000',
    'clock: sync=none',
    `ata0-master: type=disk, path=${disk}, mode=flat, cylinders=${cylinders}, heads=16, spt=63`,
    'boot: disk',
    `com1: enabled=1, mode=file, dev=${serial}`,
    'speaker: enabled=1, mode=none',
    'log: /dev/null',
    'panic: action=fatal',
    'error: action=ignore',
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  // Debian's Bochs is built with its debugger, which waits for a command.
  const commands = join(directory, 'bochs.commands');
  writeFileSync(commands, 'c\n');
  return { options: ['-q', '-f', configuration, '-rc', commands], serial };
}

function buildBootSector(directory: string): string {
  const target = join(directory, 'bochs-boot.bin');
  const link = ['--oformat=binary', '-Ttext=0x7c00', '--build-id=none'].map((option) => `-Wl,${option}`);
  const source = join(projectDirectory, 'bench/guests/bochs-boot.S');
  execFileSync('gcc', ['-m32', '-nostdlib', '-static', ...link, '-o', target, source]);
  return target;
}

/** The zero page, and behind it the kernel command line. */
function bootParameters(kernel: Buffer, initrdLength: number, append: string, mebibytes: number): Buffer {
  const page = Buffer.alloc(8192);
  kernel.copy(page, SETUP_SECTORS, SETUP_SECTORS, HEADER_JUMP + 1 + kernel[HEADER_JUMP]!);
  page.writeUInt8(0xff, LOADER_TYPE);
  page.writeUInt32LE(INITRD, RAMDISK);
  page.writeUInt32LE(initrdLength, RAMDISK + 4);
  page.writeUInt32LE(PARAMETERS + 4096, COMMAND_LINE);
  page.write(append, 4096, 'latin1');
  // Bochs' firmware has its ACPI tables in the last 64 KiB.
  const end = mebibytes * MIB;
  const map: readonly [start: number, end: number, kind: number][] = [
    [0, 0x9fc00, USABLE],
    [0x9fc00, 0xa0000, RESERVED],
    [0xf0000, 0x100000, RESERVED],
    [0x100000, end - 0x10000, USABLE],
    [end - 0x10000, end, ACPI],
  ];
  page.writeUInt8(map.length, E820_COUNT);
  map.forEach(([from, to, kind], index) => {
    page.writeBigUInt64LE(BigInt(from), E820 + index * 20);
    page.writeBigUInt64LE(BigInt(to - from), E820 + index * 20 + 8);
    page.writeUInt32LE(kind, E820 + index * 20 + 16);
  });
  return page;
}
