// Bochs has no debug-exit port and loads no kernels: a guest is put on a disk with a boot sector of its own, and ended
// once it has printed its plan.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OUTPUT, SOURCES } from '../build-guests.ts';
import type { Outcome } from '../machines.ts';

const SECTOR = 512;
const PIECE = 0x8000;
const HEADS = 16;
const SECTORS = 63;
const CYLINDERS = 8;
/** Where boot-sector.S has the entry point and the number of pieces. */
const PARAMETERS = 0x1f0;

function must(program: string, args: readonly string[]): void {
  const done = spawnSync(program, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${program} failed: ${done.error?.message ?? done.stderr}`);
}

function bootSector(directory: string): Buffer {
  const object = join(directory, 'boot-sector.o');
  const binary = join(directory, 'boot-sector');
  must('gcc', ['-m32', '-c', '-o', object, join(SOURCES, 'bochs/boot-sector.S')]);
  must('ld', ['-melf_i386', '-Ttext=0x7c00', '--oformat=binary', '-e', 'start', '-o', binary, object]);
  return readFileSync(binary);
}

function disk(kernel: string, directory: string): Buffer {
  const flat = join(directory, 'flat');
  must('objcopy', ['-O', 'binary', kernel, flat]);
  const guest = readFileSync(flat);
  const image = Buffer.alloc(CYLINDERS * HEADS * SECTORS * SECTOR);
  const sector = bootSector(directory);
  sector.writeUInt32LE(readFileSync(kernel).readUInt32LE(24), PARAMETERS); // e_entry
  sector.writeUInt16LE(Math.ceil(guest.length / PIECE), PARAMETERS + 4);
  image.set(sector);
  image.set(guest, SECTOR);
  return image;
}

const configuration = (directory: string): string => `
cpu: model=tigerlake, count=1, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs=0
megs: 128
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0-master: type=disk, path=${directory}/disk, mode=flat, cylinders=${CYLINDERS}, heads=${HEADS}, spt=${SECTORS}
boot: disk
com1: enabled=1, mode=file, dev=${directory}/serial
display_library: rfb, options="timeout=0"
log: ${directory}/log
panic: action=fatal
error: action=report
info: action=ignore
clock: sync=none
`;

/** Runs a guest on Bochs 2.7 as Debian builds it, with its debugger. */
export async function runOnBochs(kernel: string, seconds: number): Promise<Outcome> {
  const directory = join(OUTPUT, 'bochs', basename(kernel, '.elf'));
  const serial = join(directory, 'serial');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'disk'), disk(kernel, directory));
  writeFileSync(join(directory, 'configuration'), configuration(directory));
  // The debugger waits for "continue". It must come by a pipe, not by the socket that Node.js makes: Bochs's display
  // takes descriptor 0 for a viewer of the screen when it is a socket.
  const command = 'echo continue | exec bochs -q -f "$0"';
  const bochs = spawn('sh', ['-c', command, join(directory, 'configuration')], { stdio: 'ignore', detached: true });
  const output = (): string => (existsSync(serial) ? readFileSync(serial, 'latin1') : '');
  for (let waited = 0; waited < seconds * 10 && bochs.exitCode === null; waited++) {
    await sleep(100);
    if (/^1\.\.\d+\n/m.test(output())) break;
  }
  if (bochs.exitCode === null && bochs.pid !== undefined) process.kill(-bochs.pid, 'SIGKILL');
  return { output: output(), status: undefined, errors: '' };
}
