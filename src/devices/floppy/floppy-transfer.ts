import { SECTOR_SIZE } from '../../base/block-backend.ts';
import type { BlockBackend } from '../../base/block-backend.ts';
import type { DmaChannel } from '../i8237/dma-channel.ts';
import { COMMAND, commandOf, STATUS_0, STATUS_1, STATUS_2 } from './floppy-commands.ts';
import type { FloppyFormat } from './floppy-format.ts';
import type { FloppyState } from './floppy-state.ts';

/** A disk in a drive. */
export interface FloppyDisk {
  readonly backend: BlockBackend;
  readonly format: FloppyFormat;
}

/** How a transfer ended: the status registers, without drive and head. All 0: as it should. */
export interface TransferEnd {
  readonly status0: number;
  readonly status1: number;
  readonly status2: number;
}

/** Whether a sector was moved, and whether the DMA controller said that it was the last. */
interface SectorEnd {
  readonly problem?: TransferEnd;
  readonly isLast: boolean;
}

const MULTI_TRACK = 0x80;
const SIZE_CODE = 2;
const DONE: TransferEnd = { status0: 0, status1: 0, status2: 0 };
const failed = (status1: number, status2 = 0): TransferEnd => ({ status0: STATUS_0.abnormal, status1, status2 });

/** What a transfer works on. `isStale` tells that the controller was reset meanwhile, after which nothing is to be changed. */
export interface Transfer {
  readonly state: FloppyState;
  readonly disk: FloppyDisk | undefined;
  /** Where the heads are. */
  readonly track: number;
  readonly dma: DmaChannel;
  readonly isStale: () => boolean;
}

/** Runs a command that moves sectors, from `state.position` on, which advances. Resolves when it ended. */
export const runTransfer = async (transfer: Transfer): Promise<TransferEnd> => {
  const { state, disk } = transfer;
  const [code = 0] = state.command;
  const unreadable = readability(transfer);
  if (unreadable !== undefined || disk === undefined) return unreadable ?? failed(STATUS_1.noMark);
  if (commandOf(code) === COMMAND.formatTrack) return formatTrack(transfer, disk);
  for (;;) {
    const missing = findSector(transfer, disk);
    if (missing !== undefined) return missing;
    // oxlint-disable-next-line no-await-in-loop -- one sector after the other passes the head
    const { problem, isLast } = await moveSector(transfer, disk);
    if (transfer.isStale()) return DONE;
    if (problem !== undefined) return problem;
    const isTrackDone = advance(state);
    if (commandOf(code) === COMMAND.verify) {
      if (state.left > 0) state.left -= 1;
      if (isTrackDone || (countsSectors(state) && state.left === 0)) return DONE;
    } else if (isLast) return DONE;
    else if (isTrackDone) return failed(STATUS_1.endOfTrack);
  }
};

/** Nothing can be read without a disk, or at another data rate than it was written with. */
const readability = ({ state, disk }: Transfer): TransferEnd | undefined =>
  disk !== undefined && disk.format.rates.includes(state.rate) ? undefined : failed(STATUS_1.noMark);

/** Looks for the sector's identification on the track under the head. */
const findSector = ({ state, track }: Transfer, { format }: FloppyDisk): TransferEnd | undefined => {
  const [cylinder = 0, head = 0, sector = 0, size = 0] = state.position;
  const selected = ((state.command[1] as number) >> 2) & 1;
  const isOnTrack = track < format.tracks && selected < format.heads;
  if (!isOnTrack) return failed(STATUS_1.noMark);
  if (cylinder !== track) return failed(STATUS_1.noData, STATUS_2.wrongCylinder);
  // A command that goes over to the other side does so itself.
  const isSide = head === selected || ((state.command[0] as number) & MULTI_TRACK) !== 0;
  const isThere = isSide && head < format.heads && sector >= 1 && sector <= format.sectors && size === SIZE_CODE;
  return isThere ? undefined : failed(STATUS_1.noData);
};

const moveSector = async ({ state, dma, isStale }: Transfer, { backend, format }: FloppyDisk): Promise<SectorEnd> => {
  const [cylinder = 0, head = 0, sector = 0] = state.position;
  const command = commandOf(state.command[0] as number);
  const at = ((cylinder * format.heads + head) * format.sectors + sector - 1) * SECTOR_SIZE;
  const bytes = new Uint8Array(SECTOR_SIZE);
  if (command === COMMAND.write || command === COMMAND.writeDeleted) {
    if (backend.isReadOnly) return { problem: failed(STATUS_1.notWritable), isLast: false };
    return writeSector(state, dma, backend, at);
  }
  if (!(await succeeds(backend.read(at, bytes)))) {
    return { problem: failed(STATUS_1.dataError, STATUS_2.dataError), isLast: false };
  }
  if (command === COMMAND.verify || isStale()) return { isLast: false };
  const { count, isTerminal } = dma.toMemory(bytes);
  if (count < SECTOR_SIZE && !isTerminal) return { problem: failed(STATUS_1.overrun), isLast: false };
  return { isLast: isTerminal };
};

/** Takes a sector from memory, which cannot be asked for it again, and writes it. */
const writeSector = async (
  state: FloppyState,
  dma: DmaChannel,
  backend: BlockBackend,
  at: number,
): Promise<SectorEnd> => {
  if (!state.hasStaged) {
    state.staged.fill(0);
    const { count, isTerminal } = dma.fromMemory(state.staged);
    if (count < SECTOR_SIZE && !isTerminal) return { problem: failed(STATUS_1.overrun), isLast: false };
    state.hasStaged = true;
    state.stagedIsLast = isTerminal;
  }
  const isLast = state.stagedIsLast;
  const isWritten = await succeeds(backend.write(at, state.staged.slice()));
  state.hasStaged = false;
  return isWritten ? { isLast } : { problem: failed(STATUS_1.dataError), isLast };
};

/** Goes on to the next sector (data sheet, table 5-6). Whether the last one was at the end of the track, or of the cylinder. */
const advance = ({ position, command }: FloppyState): boolean => {
  const [code = 0] = command;
  const lastSector = command[6] as number;
  if (position[2] !== lastSector) {
    position[2] = (position[2] as number) + 1;
    return false;
  }
  position[2] = 1;
  const isMulti = (code & MULTI_TRACK) !== 0;
  if (isMulti) position[1] = (position[1] as number) ^ 1;
  if (isMulti && position[1] === 1) return false;
  position[0] = (position[0] as number) + 1;
  return true;
};

/** Verify with its EC bit set ends after a number of sectors. */
const countsSectors = ({ command }: FloppyState): boolean => ((command[1] as number) & 0x80) !== 0;

/** Fills the sectors that the identifications from memory name, if they are the track's. */
const formatTrack = async ({ state, dma, track, isStale }: Transfer, disk: FloppyDisk): Promise<TransferEnd> => {
  const { backend, format } = disk;
  const [, select = 0, size = 0, count = 0, , filler = 0] = state.command;
  const head = (select >> 2) & 1;
  if (backend.isReadOnly) return failed(STATUS_1.notWritable);
  if (track >= format.tracks || head >= format.heads || size !== SIZE_CODE) return failed(STATUS_1.noMark);
  const identification = new Uint8Array(4);
  for (let n = 0; n < count; n += 1) {
    const { count: given } = dma.fromMemory(identification);
    if (given < identification.length) return failed(STATUS_1.overrun);
    const [, , sector = 0] = identification;
    // A sector that the disk's image has no room for would be lost with the next format: it is not written.
    if (sector < 1 || sector > format.sectors) continue;
    const at = ((track * format.heads + head) * format.sectors + sector - 1) * SECTOR_SIZE;
    // oxlint-disable-next-line no-await-in-loop -- one sector after the other passes the head
    const isWritten = await succeeds(backend.write(at, new Uint8Array(SECTOR_SIZE).fill(filler)));
    if (isStale()) return DONE;
    if (!isWritten) return failed(STATUS_1.dataError);
  }
  return DONE;
};

const succeeds = async (request: Promise<void>): Promise<boolean> => {
  try {
    await request;
    return true;
  } catch {
    return false;
  }
};
