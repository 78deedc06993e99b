// Image files and what they are based on.

import { dirname, isAbsolute, join } from 'node:path';
import type { BlockBackend } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import { isQcow2, type BackingReference } from '../../storage/qcow2/header.ts';
import { Qcow2Image } from '../../storage/qcow2/qcow2-image.ts';
import { RawImage } from '../../storage/raw-image.ts';
import type { DiskFormat } from './disk-text.ts';
import { nodeInflaters } from './inflaters.ts';
import { openNodeFile, type NodeFile } from './node-file.ts';

/** Images on top of one another, at most. */
const LONGEST_CHAIN = 64;

/** Formats that Lodge does not read, by how their files begin. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^KDMV|^# Disk DescriptorFile/, 'VMDK'],
  [/^vhdxfile/, 'VHDX'],
  [/^conectix/, 'VHD'],
  [/^<<< .* Image >>>/, 'VDI'],
  [/^QED\0/, 'QED'],
];

export interface OpenImage {
  readonly backend: BlockBackend;
  /** It is raw because it looks like nothing else, and nobody has said so. */
  readonly isGuessedRaw: boolean;
}

/** Opens a file as a disk. Throws a UserError when it cannot be one. */
export function openImage(path: string, format: DiskFormat | undefined, isReadOnly: boolean): Promise<OpenImage> {
  return openInChain(path, { format, isReadOnly, above: [] });
}

interface Place {
  readonly format: DiskFormat | undefined;
  readonly isReadOnly: boolean;
  /** The images on top of it, the lowest last. */
  readonly above: readonly NodeFile[];
}

async function openInChain(path: string, place: Place): Promise<OpenImage> {
  const { isReadOnly, above } = place;
  const file = await openNodeFile(path, above.length === 0 ? 'disk' : 'backing file', isReadOnly);
  try {
    checkChain(file, above);
    const start = new Uint8Array(64);
    await file.read(0, start);
    const format = place.format ?? detect(file, start);
    const backend = format === 'qcow2' ? await openQcow2(file, place) : new RawImage(file);
    return { backend, isGuessedRaw: format === 'raw' && place.format === undefined };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function checkChain(file: NodeFile, above: readonly NodeFile[]): void {
  const top = above[0]?.name;
  if (above.some(({ identity }) => identity === file.identity)) {
    throw new UserError(
      `The disk ${top} is based on itself, by ${file.name}; give it another backing file with qemu-img rebase.`,
    );
  }
  if (above.length > LONGEST_CHAIN) {
    throw new UserError(
      `The disk ${top} is based on more than ${LONGEST_CHAIN} images; merge some with qemu-img commit.`,
    );
  }
}

function detect({ name }: NodeFile, start: Uint8Array): DiskFormat {
  if (isQcow2(start)) return 'qcow2';
  const text = String.fromCharCode(...start);
  const foreign = FOREIGN.find(([magic]) => magic.test(text));
  if (foreign === undefined) return 'raw';
  throw new UserError(
    `The disk ${name} is a ${foreign[1]} image, which Lodge cannot read; convert it with qemu-img, or give format=raw if it is the guest's own data.`,
  );
}

function openQcow2(file: NodeFile, { format, above }: Place): Promise<Qcow2Image> {
  return Qcow2Image.open(file, {
    inflaters: nodeInflaters,
    openBacking: async (backing) => {
      if (format === undefined) throw untrusted(file, backing, above.length > 0);
      const path = backingPath(file, backing.name);
      const place = { format: backingFormat(file, backing), isReadOnly: true, above: [...above, file] };
      return (await openInChain(path, place)).backend;
    },
  });
}

/**
 * A guest with a raw disk could have written the header of an image there, whose backing file is any file of the host. So the name
 * is not followed when nobody but the content says that it is an image.
 */
function untrusted({ name }: NodeFile, backing: BackingReference, isBacking: boolean): UserError {
  const remedy = isBacking
    ? 'say so in the image on top of it, with qemu-img rebase -u -F qcow2'
    : 'give format=qcow2 if you trust it';
  return new UserError(
    `The disk ${name} looks like a qcow2 image based on ${printable(backing.name)}, which a guest may have made up; ${remedy}.`,
  );
}

function backingFormat({ name }: NodeFile, { format }: BackingReference): DiskFormat | undefined {
  if (format === undefined || format === 'raw' || format === 'qcow2') return format;
  throw new UserError(
    `The disk ${name} is based on an image of format ${printable(format)}, which Lodge cannot read; convert that with qemu-img.`,
  );
}

/** A relative name is one beside the image. */
function backingPath({ name }: NodeFile, backing: string): string {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(backing) ?? [];
  if (scheme !== undefined && scheme !== 'file') {
    throw new UserError(
      `The disk ${name} is based on ${printable(backing)}, and Lodge looks for backing disks among files only; copy it to a file, and use qemu-img rebase.`,
    );
  }
  const path = scheme === undefined ? backing : rest.replace(/^\/\/(?=\/)/, '');
  return isAbsolute(path) ? path : join(dirname(name), path);
}

/** A name from an image, without what would move a terminal's cursor. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?').slice(0, 200);
