// What `lodge run` boots: an image or files of the user's own.

import { existsSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import { readInputFile } from '../../host/node/read-input-file.ts';
import type { runSyntax } from '../commands/run-syntax.ts';
import { recipes } from '../images/catalogue.ts';
import { findImage } from '../images/cache.ts';
import type { Arguments } from '../options/command.ts';
import { listNames, suggest } from '../options/nearest-spelling.ts';

export type RunArguments = Arguments<(typeof runSyntax)['options']>;

export interface BootSource {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array | undefined;
  readonly append: string;
  readonly modules: readonly { readonly data: Uint8Array; readonly commandLine: string }[];
  /** Files of the user's own, or an image, in whose initial ramdisk or on whose disk there are scripts that Lodge can talk to. */
  readonly kind: 'files' | 'ramdisk' | 'disk';
  /** Disks of the image, as `--disk` takes them. */
  readonly imageDisks: readonly string[];
  /** What `--network` is when it is not given. */
  readonly defaultNetwork: 'none' | 'user';
}

/** Reads what is to be booted, after building the image if it is missing. Throws a UserError. */
export async function readBootSource({ options, positional, rest }: RunArguments): Promise<BootSource> {
  const name = positional[0];
  if (name === undefined) {
    if (options.kernel === undefined) {
      throw new UserError(
        'There is nothing to run; name an image, as in lodge run debian, or a kernel with --kernel FILE.',
      );
    }
    if (rest !== undefined) {
      throw new UserError('A command after -- needs an image to run in; write lodge run debian -- COMMAND.');
    }
    if (options.snapshot === true) {
      throw new UserError('--snapshot is for the disk of an image; write --disk FILE,snapshot for one of your own.');
    }
    return readFiles(options.kernel, options);
  }
  const own = (['kernel', 'initrd', 'module'] as const).find(
    (option) => options[option] !== undefined && options[option].length > 0,
  );
  if (own !== undefined) {
    throw new UserError(`The image ${name} and the option --${own} exclude each other; leave one of them out.`);
  }
  if (rest?.length === 0)
    throw new UserError('The command after -- is missing; write one, or leave out -- for a console.');
  return readImage(name, options);
}

function readFiles(kernel: string, options: RunArguments['options']): BootSource {
  return {
    kernel: readInputFile(kernel, 'kernel'),
    initrd: options.initrd === undefined ? undefined : readInputFile(options.initrd, 'initrd'),
    append: options.append ?? '',
    modules: options.module.map((written) => {
      // "FILE TEXT": the kernel gets the whole of it, as from GRUB. A file whose name has a space may have no text.
      const space = written.indexOf(' ');
      const path = space < 0 || existsSync(written) ? written : written.slice(0, space);
      return { data: readInputFile(path, 'module'), commandLine: written };
    }),
    kind: 'files',
    imageDisks: [],
    defaultNetwork: 'none',
  };
}

async function readImage(name: string, { append, snapshot }: RunArguments['options']): Promise<BootSource> {
  const recipe = recipes.find((candidate) => candidate.name === name);
  if (recipe === undefined) {
    const names = recipes.map((known) => known.name);
    const advice = existsSync(name)
      ? `to boot the file, write lodge run --kernel ${name}.`
      : suggest(name, names, `there are ${listNames(names)}.`);
    throw new UserError(`There is no image ${name}; ${advice}`);
  }
  let image = findImage(name);
  if (image === undefined) {
    const { pullForUser } = await import('../images/pull-for-user.ts');
    await pullForUser(recipe);
    image = findImage(name);
    if (image === undefined) throw new UserError(`The image ${name} has gone again; run lodge image pull ${name}.`);
  }
  if (snapshot === true && image.disk === undefined) {
    throw new UserError(`The image ${name} has no disk, so there is nothing to keep; leave --snapshot out.`);
  }
  return {
    kernel: readInputFile(image.kernel, 'kernel'),
    initrd: readInputFile(image.initrd, 'initrd'),
    append: append === undefined ? image.manifest.append : `${image.manifest.append} ${append}`,
    modules: [],
    kind: image.disk === undefined ? 'ramdisk' : 'disk',
    defaultNetwork: image.disk === undefined ? 'none' : 'user',
    imageDisks:
      image.disk === undefined
        ? []
        : [`${image.disk.replaceAll(',', ',,')},format=raw${snapshot === true ? ',snapshot' : ''}`],
  };
}
