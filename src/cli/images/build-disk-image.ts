// An image of a whole Debian on a disk, installed by mmdebstrap.

import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { projectDirectory } from '../../host/node/project-directory.ts';
import type { DiskRecipe } from './catalogue.ts';
import type { Progress } from './progress.ts';
import { runProgram } from './subprocess.ts';

const SECTORS_A_MEBIBYTE = 2048;

/**
 * Leaves `disk`, `kernel`, `initrd` and the ssh key `key` in the directory `files`, and returns the versions of the packages
 * by name. Throws a UserError when mmdebstrap is missing or fails.
 */
export async function buildDiskImage(
  recipe: DiskRecipe,
  files: string,
  partial: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  progress.step(`installing ${recipe.name}: Debian ${recipe.suite} with ${recipe.packages.length} further packages`);
  const result = await runProgram('mmdebstrap', argumentsFor(recipe), {
    directory: partial,
    signal,
    environment: {
      LODGE_HOOKS: join(projectDirectory(), 'images', recipe.name),
      LODGE_OUTPUT: files,
      LODGE_DISK_MEBIBYTES: String(recipe.mebibytes),
    },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new UserError(
      `The image ${recipe.name} needs the program mmdebstrap; install it with apt-get install mmdebstrap, and try again.`,
    );
  });
  if (result.status !== 0) throw failure(recipe.name, result.stderr);
  writePartitionTable(join(files, 'disk'), recipe.mebibytes);
  const list = join(files, 'packages');
  const versions = readFileSync(list, 'utf8').trim().split('\n');
  rmSync(list);
  return Object.fromEntries(versions.map((line) => line.split(' ') as [string, string]));
}

const argumentsFor = (recipe: DiskRecipe): readonly string[] => [
  '--format=null',
  '--variant=important',
  `--architectures=${recipe.architecture}`,
  `--include=${recipe.packages.join(',')}`,
  '--aptopt=APT::Install-Recommends "false"',
  '--essential-hook="$LODGE_HOOKS/before-packages" "$1"',
  '--customize-hook="$LODGE_HOOKS/after-packages" "$1"',
  recipe.suite,
  '-',
];

function failure(name: string, said: string): UserError {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const first = lines.find((line) => /^(E:|mke2fs:|.*No space left)/.test(line)) ?? lines.at(-1) ?? 'it said nothing';
  return new UserError(
    `The image ${name} could not be installed (${first.trim()}); see that this machine reaches Debian's archive and has 4 GiB to spare, and try again as root.`,
  );
}

/** One active partition from the first MiB to the end of the disk; the code of the boot sector is there already. */
function writePartitionTable(disk: string, mebibytes: number): void {
  const LINUX = 0x83;
  const entry = new DataView(new ArrayBuffer(66));
  entry.setUint8(0, 0x80);
  // No cylinder, head and sector: too far out.
  for (const at of [1, 5]) entry.setUint32(at, 0x00ff_fffe, true);
  entry.setUint8(4, LINUX);
  entry.setUint32(8, SECTORS_A_MEBIBYTE, true);
  entry.setUint32(12, (mebibytes - 1) * SECTORS_A_MEBIBYTE, true);
  entry.setUint16(64, 0xaa55, true);
  const file = openSync(disk, 'r+');
  try {
    writeSync(file, new Uint8Array(entry.buffer), 0, 66, 446);
  } finally {
    closeSync(file);
  }
}
