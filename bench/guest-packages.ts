// The Debian packages that the guests' large programs come from, and what is taken out of each.

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../src/base/errors.ts';
import { PackageTool } from '../src/cli/images/package-tool.ts';
import type { Architecture } from './architecture.ts';
import { platforms } from './architecture.ts';

const LIBRARIES = ['*/lib/*'];

// Patterns of tar, a * of which matches slashes as well. What nothing here needs stays away: the image is in memory.
const packages = (architecture: Architecture): Readonly<Record<string, readonly string[]>> => {
  const { compiler } = platforms[architecture];
  const internals = `./usr/lib/gcc/${compiler}/12`;
  return {
    libc6: ['*/ld-*.so*', '*/libc.so.*', '*/libm.so.*', '*/libdl.so.*', '*/libpthread.so.*'],
    'python3.11-minimal': ['./usr/bin/python3.11'],
    'libpython3.11-minimal': ['./usr/lib/python3.11', './etc/python3.11'],
    libexpat1: LIBRARIES,
    zlib1g: LIBRARIES,
    'perl-base': ['./usr/bin/perl', './usr/lib/*/perl-base/*.p[ml]'],
    libcrypt1: LIBRARIES,
    'gcc-12': [`./usr/bin/${compiler}-gcc-12`],
    'cpp-12': [`${internals}/cc1`],
    'libgcc-12-dev': [`${internals}/include`],
    libisl23: LIBRARIES,
    libmpc3: LIBRARIES,
    libmpfr6: LIBRARIES,
    libgmp10: LIBRARIES,
    libzstd1: LIBRARIES,
    [`binutils-${compiler.replace('_', '-')}`]: [`./usr/bin/${compiler}-as`],
    libbinutils: ['*/libopcodes-*.so', '*/libbfd-*.so', '*/libsframe*'],
    'libc6-dev': ['./usr/include'],
    'linux-libc-dev': ['./usr/include/linux/*limits.h', './usr/include/linux/errno.h', '*/asm*/*errno*.h'],
    'libstb-dev': ['./usr/include/stb/stb_ds.h'],
    gzip: ['./bin/gzip'],
  };
};

/** The packages' own text, by which one tells whether an unpacked directory is what this code would make. */
export const packageSelection = (architecture: Architecture): string => JSON.stringify(packages(architecture));

/**
 * Downloads the packages and unpacks what is wanted of them into `tree`, in which /usr is merged. `work` is for apt.
 * Returns the versions by name. Throws a UserError when a package cannot be had.
 */
export async function unpackPackages(
  architecture: Architecture,
  tree: string,
  work: string,
): Promise<Record<string, string>> {
  for (const directory of ['usr/bin', 'usr/lib', 'usr/lib64', 'etc', 'tmp', 'root', 'dev', 'bench/rows']) {
    mkdirSync(join(tree, directory), { recursive: true });
  }
  for (const directory of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${directory}`, join(tree, directory));
  symlinkSync('bin', join(tree, 'usr/sbin'));
  symlinkSync('usr/bin', join(tree, 'sbin'));
  mkdirSync(work, { recursive: true });
  const tool = new PackageTool(work, architecture, new AbortController().signal);
  if ((await tool.versions('libc6')).length === 0) await tool.update(() => {});
  const versions: Record<string, string> = {};
  for (const [name, patterns] of Object.entries(packages(architecture))) {
    const newest = (await tool.versions(name))[0];
    if (newest === undefined)
      throw new UserError(`The apt sources of this machine do not offer ${name} (${architecture}).`);
    process.stderr.write(`unpacking ${name} ${newest.version}\n`);
    unpack(await tool.download(newest, () => {}), tree, patterns);
    versions[name] = newest.version;
  }
  const { compiler } = platforms[architecture];
  symlinkSync(`${compiler}-gcc-12`, join(tree, 'usr/bin/gcc'));
  symlinkSync(`${compiler}-as`, join(tree, 'usr/bin/as'));
  rmSync(work, { recursive: true });
  return versions;
}

function unpack(file: string, tree: string, patterns: readonly string[]): void {
  const archive = spawnSync('dpkg-deb', ['--fsys-tarfile', file], { maxBuffer: 2 ** 30 }).stdout;
  const tar = spawnSync(
    'tar',
    ['-x', '-C', tree, '--no-same-owner', '--keep-directory-symlink', '--wildcards', ...patterns],
    { input: archive, encoding: 'utf8' },
  );
  if (tar.status !== 0) throw new UserError(`${file} could not be unpacked: ${tar.stderr.trim()}`);
}
