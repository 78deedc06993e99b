// Debian packages through the machine's own apt, whatever architecture it is for, with the machine's own
// sources and keys. It needs no root and changes nothing of the machine: package lists that it has to
// fetch, and everything else apt writes, go to a directory of our own.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { explainAptFailure, saysDiskFull } from './apt-failure.ts';
import type { ProgramResult } from './subprocess.ts';
import { runProgram } from './subprocess.ts';

/** One version of a package, as the archive offers it. */
export interface PackageVersion {
  readonly name: string;
  readonly version: string;
  /** Names of the packages it depends on, the first alternative of each. */
  readonly depends: readonly string[];
}

// Hooks that the machine runs around its own updates have no business with our private lists.
const CONFIGURATION = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;

export class PackageTool {
  readonly #directory: string;
  readonly #architecture: string;
  readonly #signal: AbortSignal;
  #privateLists = false;

  /** `directory` is empty and takes everything apt writes. */
  constructor(directory: string, architecture: string, signal: AbortSignal) {
    this.#directory = directory;
    this.#architecture = architecture;
    this.#signal = signal;
    for (const path of ['state/lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(directory, path), { recursive: true });
    }
    writeFileSync(join(directory, 'state/status'), '');
    writeFileSync(join(directory, 'apt.conf'), CONFIGURATION);
  }

  /** The versions of a package, the one apt would choose first; none when the lists do not have it. */
  async versions(name: string): Promise<PackageVersion[]> {
    const shown = await this.#run('apt-cache', ['show', name]);
    return parseVersions(shown.stdout).filter((entry) => entry.name === name);
  }

  /** Fetches package lists of our own, in place of the machine's. Returns what went wrong, if anything did. */
  async update(onFraction: (done: number) => void): Promise<string | undefined> {
    this.#privateLists = true;
    const result = await this.#run('apt-get', ['update', '-q'], onFraction);
    // Lists that cannot be fetched are a warning, and the status is 0, when there are older ones or none are needed.
    return result.status !== 0 || /Failed to fetch/.test(result.stderr) ? result.stderr : undefined;
  }

  /** Downloads a package and returns the path of the .deb file. Throws an AptFailure. */
  async download(entry: PackageVersion, onFraction: (done: number) => void): Promise<string> {
    const target = join(this.#directory, 'packages', entry.name);
    mkdirSync(target, { recursive: true });
    const wanted = `${entry.name}=${entry.version}`;
    const result = await this.#run('apt-get', ['download', '-q', wanted], onFraction, target);
    const file = readdirSync(target).find((path) => path.endsWith('.deb'));
    if (result.status !== 0 || file === undefined) throw new AptFailure(wanted, result.stderr);
    return join(target, file);
  }

  async #run(
    program: string,
    args: string[],
    onFraction?: (done: number) => void,
    directory = this.#directory,
  ): Promise<ProgramResult> {
    const settings = [
      `Dir::State=${join(this.#directory, 'state')}`,
      `Dir::State::status=${join(this.#directory, 'state/status')}`,
      `Dir::State::lists=${this.#privateLists ? join(this.#directory, 'state/lists') : '/var/lib/apt/lists'}`,
      `Dir::Cache=${join(this.#directory, 'cache')}`,
      'Dir::Cache::pkgcache=',
      'Dir::Cache::srcpkgcache=',
      `APT::Architecture=${this.#architecture}`,
      `APT::Architectures=${this.#architecture}`,
      'APT::Sandbox::User=root',
      'APT::Status-Fd=3',
      'Acquire::Languages=none',
      'Acquire::Retries=2',
    ];
    const options = ['-c', join(this.#directory, 'apt.conf'), ...settings.flatMap((setting) => ['-o', setting])];
    try {
      return await runProgram(program, [...options, ...args], {
        directory,
        signal: this.#signal,
        onStatusLine: (line) => {
          // "dlstatus:ITEM:PERCENT:TEXT", apt's README.progress-reporting.
          const percent = /^dlstatus:[^:]*:([\d.]+):/.exec(line)?.[1];
          if (percent !== undefined) onFraction?.(Number(percent) / 100);
        },
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new UserError(
        `This machine has no ${program}, with which the image is built from Debian's packages; ` +
          'pull it on a Debian machine, or boot a kernel of your own with lodge run --kernel FILE.',
      );
    }
  }
}

/** apt could not fetch something. `message` is the sentence for the user. */
export class AptFailure extends UserError {
  /** Whether there was no room for it, so that there is no point in trying another. */
  readonly diskFull: boolean;

  constructor(what: string, stderr: string) {
    super(explainAptFailure(what, stderr));
    this.diskFull = saysDiskFull(stderr);
  }
}

/** Reads the stanzas that `apt-cache show` prints. */
export function parseVersions(stanzas: string): PackageVersion[] {
  return stanzas.split(/\n\n+/).flatMap((stanza) => {
    const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
    const name = field('Package');
    const version = field('Version');
    if (name === undefined || version === undefined) return [];
    const depends = (field('Depends') ?? '').split(',').map((item) => item.trim().split(/[\s(|:]/, 1)[0] ?? '');
    return [{ name, version, depends: depends.filter((item) => item !== '') }];
  });
}
