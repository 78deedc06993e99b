// Runs a guest in v86 under Node.js, its first serial port on standard output:
// node v86-runner.js KERNEL INITRD MEBIBYTES APPEND

import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { V86Image } from 'v86';
import { V86 } from 'v86';
import { V86_BIOS, V86_VGA_BIOS } from './v86-files.ts';

const [kernel, initrd, mebibytes, cmdline] = process.argv.slice(2) as [string, string, string, string];

const image = (path: string): V86Image => {
  const bytes = readFileSync(path);
  return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) };
};

const emulator = new V86({
  wasm_path: fileURLToPath(new URL('v86.wasm', import.meta.resolve('v86'))),
  memory_size: Number(mebibytes) * 2 ** 20,
  bios: image(V86_BIOS),
  vga_bios: image(V86_VGA_BIOS),
  bzimage: image(kernel),
  initrd: image(initrd),
  cmdline,
  autostart: true,
});

// A line at a time: a call of the host for each byte would be part of what is measured.
let line = '';
emulator.add_listener('serial0-output-byte', (byte) => {
  line += String.fromCharCode(byte);
  if (byte !== 10) return;
  writeSync(1, line);
  line = '';
});
