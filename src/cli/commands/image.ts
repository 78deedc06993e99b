// `lodge image`

import { UserError } from '../../base/errors.ts';
import { findImage, listImages, removeImage } from '../images/cache.ts';
import { recipes } from '../images/catalogue.ts';
import { twoColumns } from '../options/help.ts';
import type { CommandSyntax } from '../options/command.ts';
import { listNames, suggest } from '../options/nearest-spelling.ts';
import { parseArguments } from '../options/parse.ts';

export const imageSyntax = {
  name: 'lodge image',
  summary:
    "Builds and keeps images: a kernel and an initial ramdisk, made from Debian's packages by this machine's apt.",
  usage: [
    'list         the images there are',
    'pull NAME    build an image, anew if there is one',
    'remove NAME  remove an image from the cache',
  ],
  options: {},
  positionals: 2,
  notes: ['Images are kept in $XDG_CACHE_HOME/lodge, or in ~/.cache/lodge.'],
} satisfies CommandSyntax;

const ACTIONS = ['list', 'pull', 'remove'];

/** Runs the command and returns the exit status. Throws a UserError. */
export async function image(args: readonly string[]): Promise<number> {
  const [action, name] = parseArguments(imageSyntax, args).positional;
  if (action === undefined) throw new UserError(`Say what to do: lodge image ${ACTIONS.join(', lodge image ')} NAME.`);
  if (!ACTIONS.includes(action)) {
    throw new UserError(
      `There is no lodge image ${action}; ${suggest(action, ACTIONS, `there are ${ACTIONS.join(', ')}.`)}`,
    );
  }
  if (action === 'list') {
    if (name !== undefined) throw new UserError(`The argument "${name}" is one too many; lodge image list takes none.`);
    process.stdout.write(list());
    return 0;
  }
  const names = recipes.map((recipe) => recipe.name);
  if (name === undefined) throw new UserError(`Name the image, as in lodge image ${action} ${names[0]}.`);
  const recipe = recipes.find((candidate) => candidate.name === name);
  if (recipe === undefined) {
    throw new UserError(`There is no image ${name}; ${suggest(name, names, `there are ${listNames(names)}.`)}`);
  }
  if (action === 'pull') {
    const { pullForUser } = await import('../images/pull-for-user.ts');
    const { bytes } = await pullForUser(recipe);
    process.stderr.write(`The image ${name} is ready (${mebibytes(bytes)}).\n`);
  } else if (!removeImage(name)) {
    throw new UserError(`The image ${name} is not in the cache, so there is nothing to remove.`);
  }
  return 0;
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function list(): string {
  const rows = recipes.map(({ name, summary }): [string, string] => {
    const cached = findImage(name);
    if (cached === undefined) return [name, `${summary}; not built yet`];
    const { packages, bytes } = cached.manifest;
    const kernel = Object.keys(packages).find((key) => key.startsWith('linux-image-'));
    return [name, `${summary}; ${kernel} ${kernel === undefined ? '' : packages[kernel]}, ${mebibytes(bytes)}`];
  });
  const known = new Set(rows.map(([name]) => name));
  for (const { manifest } of listImages()) {
    if (!known.has(manifest.name)) rows.push([manifest.name, 'of another version of Lodge']);
  }
  return `${twoColumns(rows)}\n`;
}
