import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { env } from 'node:process';
import type { BlockBackend } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import { GuardedDisk } from '../../storage/guarded-disk.ts';
import { NbdDisk } from '../../storage/nbd/nbd-disk.ts';
import { Overlay } from '../../storage/overlay.ts';
import type { RaidMember } from '../../storage/raid/member.ts';
import { MirroredDisk } from '../../storage/raid/mirrored-disk.ts';
import { StripedDisk } from '../../storage/raid/striped-disk.ts';
import { parseDiskText, type DiskText } from './disk-text.ts';
import { parseNbdAddress } from './nbd-address.ts';
import { connectNbd } from './nbd-connection.ts';
import { openTemporaryFile } from './node-file.ts';
import { openImage, type OpenImage } from './open-image.ts';

export interface OpenDisk {
  /** What it is on the host, as the user named it. */
  readonly name: string;
  readonly backend: BlockBackend;
}

/**
 * Opens the disk that a user named; `DISK_SYNTAX` is how. Throws a UserError when it cannot be had.
 * @param report is given a sentence when the disk goes on with less than it began with
 */
export async function openDisk(text: string, report: (message: string) => void): Promise<OpenDisk> {
  const disk = parseDiskText(text);
  const members: RaidMember[] = [];
  try {
    let isGuessedRaw = false;
    for (const name of disk.places) {
      const image = await openPlace(name, disk);
      isGuessedRaw ||= image.isGuessedRaw;
      members.push({ name, backend: image.backend });
    }
    const backend = combine(disk, members, isGuessedRaw && !disk.isReadOnly, report);
    members.splice(0, members.length, { name: text, backend });
    const name = disk.kind === 'one' ? (disk.places[0] as string) : `${disk.kind}:${disk.places.join('+')}`;
    if (!disk.isSnapshot) return { name, backend };
    return { name, backend: new Overlay(backend, await openTemporaryFile(temporaryDirectory())) };
  } catch (error) {
    await Promise.allSettled(members.map(({ backend }) => backend.close()));
    throw error;
  }
}

function combine(
  { kind }: DiskText,
  members: readonly RaidMember[],
  isGuarded: boolean,
  report: (message: string) => void,
): BlockBackend {
  const guard = ({ name, backend }: RaidMember): RaidMember => {
    return { name, backend: isGuarded ? new GuardedDisk(name, backend) : backend };
  };
  if (kind === 'raid0') return new StripedDisk(members.map(guard));
  const [first] = members as [RaidMember];
  if (kind === 'one') return guard(first).backend;
  // Outside of the mirror, which would take a refused write for a member's failure.
  return guard({ name: first.name, backend: new MirroredDisk([...members], report) }).backend;
}

async function openPlace(place: string, { format, isReadOnly, isSnapshot }: DiskText): Promise<OpenImage> {
  const isOnlyRead = isReadOnly || isSnapshot;
  if (!/^nbds?(\+[a-z]+)?:/.test(place)) return openImage(place, format, isOnlyRead);
  if (format === 'qcow2') {
    throw new UserError(
      `The disk ${place} cannot have format=qcow2, because an NBD server serves raw disks; leave it out.`,
    );
  }
  const { socket, exportName } = parseNbdAddress(place);
  const address = { name: place, exportName, connect: () => connectNbd(socket, place) };
  return { backend: await NbdDisk.open(address, isOnlyRead), isGuessedRaw: false };
}

/** Where temporary files go: not to memory, as in /tmp they often do. */
function temporaryDirectory(): string {
  return env['TMPDIR'] ?? (existsSync('/var/tmp') ? '/var/tmp' : tmpdir());
}
