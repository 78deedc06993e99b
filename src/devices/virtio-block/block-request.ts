import { SECTOR_SIZE } from '../../base/block-backend.ts';
import type { BlockBackend } from '../../base/block-backend.ts';
import type { Chain } from '../virtio/chain.ts';

/** Request types (virtio 1.2, 5.2.6). */
const TYPE = { read: 0, write: 1, flush: 4, identity: 8, discard: 11, writeZeroes: 13 } as const;
/** The last byte of the request. */
export const BLOCK_STATUS = { ok: 0, error: 1, unsupported: 2 } as const;

const HEADER_LENGTH = 16;
const IDENTITY_LENGTH = 20;
/** A range of DISCARD and WRITE ZEROES: sector, number of sectors, flags. */
const RANGE_LENGTH = 16;
const UNMAP = 1;

/** How much is moved at once, in bytes: what a guest asks for may be more than the monitor has room for. */
const PIECE = 1 << 20;

/** Limits of a DISCARD and of a WRITE ZEROES request, as the configuration tells them. */
export const MOST_RANGES = 16;
export const MOST_SECTORS_A_RANGE = 1 << 22;

export interface BlockRequestOptions {
  readonly backend: BlockBackend;
  /** At most 20 bytes of ASCII. */
  readonly identity: string;
}

/** The answer to a request: its status, and how many bytes of data were written before it. */
interface Answer {
  readonly status: number;
  readonly written: number;
}

const ok = (written = 0): Answer => ({ status: BLOCK_STATUS.ok, written });
const failed: Answer = { status: BLOCK_STATUS.error, written: 0 };
const unsupported: Answer = { status: BLOCK_STATUS.unsupported, written: 0 };

/** Does what a request says and gives the number of bytes written to it, the status included. Never rejects. */
export async function serveRequest(chain: Chain, options: BlockRequestOptions): Promise<number> {
  const room = chain.writeLength - 1;
  // Without a place for the status there is nobody to tell.
  if (room < 0) return 0;
  const { status, written } = await perform(chain, room, options).catch(() => failed);
  chain.write(room, Uint8Array.of(status));
  // The status is the last byte whatever was written before it.
  return status === BLOCK_STATUS.ok && written === room ? room + 1 : status === BLOCK_STATUS.ok ? written : 0;
}

async function perform(chain: Chain, room: number, { backend, identity }: BlockRequestOptions): Promise<Answer> {
  const header = chain.read(0, HEADER_LENGTH);
  if (header.length < HEADER_LENGTH) return failed;
  const view = new DataView(header.buffer);
  const sector = view.getBigUint64(8, true);
  const payload = chain.readLength - HEADER_LENGTH;
  switch (view.getUint32(0, true)) {
    case TYPE.read:
      return read(chain, room, sector, backend);
    case TYPE.write:
      return write(chain, payload, sector, backend);
    case TYPE.flush:
      await backend.flush();
      return ok();
    case TYPE.identity:
      return writeIdentity(chain, room, identity);
    case TYPE.discard:
      return eachRange(chain, payload, backend, (offset, length, flags) =>
        flags === 0 ? backend.discard(offset, length) : undefined,
      );
    case TYPE.writeZeroes:
      return eachRange(chain, payload, backend, (offset, length, flags) =>
        (flags & ~UNMAP) === 0 ? backend.writeZeroes(offset, length, flags === UNMAP) : undefined,
      );
    default:
      return unsupported;
  }
}

/** Byte offset of a range of the disk; undefined when it leaves the disk or is not of whole sectors. */
function offsetOf(sector: bigint, length: number, { size }: BlockBackend): number | undefined {
  const offset = sector * BigInt(SECTOR_SIZE);
  return length % SECTOR_SIZE === 0 && offset + BigInt(length) <= BigInt(size) ? Number(offset) : undefined;
}

async function read(chain: Chain, room: number, sector: bigint, backend: BlockBackend): Promise<Answer> {
  const offset = offsetOf(sector, room, backend);
  if (offset === undefined) return failed;
  for (let done = 0; done < room; done += PIECE) {
    const piece = new Uint8Array(Math.min(PIECE, room - done));
    await backend.read(offset + done, piece);
    chain.write(done, piece);
  }
  return ok(room);
}

async function write(chain: Chain, length: number, sector: bigint, backend: BlockBackend): Promise<Answer> {
  const offset = offsetOf(sector, length, backend);
  if (offset === undefined || backend.isReadOnly) return failed;
  for (let done = 0; done < length; done += PIECE) {
    await backend.write(offset + done, chain.read(HEADER_LENGTH + done, Math.min(PIECE, length - done)));
  }
  return ok();
}

function writeIdentity(chain: Chain, room: number, identity: string): Answer {
  if (room < IDENTITY_LENGTH) return failed;
  const bytes = new Uint8Array(IDENTITY_LENGTH);
  bytes.set(new TextEncoder().encode(identity).subarray(0, IDENTITY_LENGTH));
  return ok(chain.write(0, bytes));
}

/** Checks every range of a DISCARD or WRITE ZEROES before it does the first. `act` gives undefined for flags that it does not know. */
async function eachRange(
  chain: Chain,
  length: number,
  backend: BlockBackend,
  act: (offset: number, length: number, flags: number) => Promise<void> | undefined,
): Promise<Answer> {
  if (length <= 0 || length % RANGE_LENGTH !== 0 || length > MOST_RANGES * RANGE_LENGTH || backend.isReadOnly)
    return failed;
  const view = new DataView(chain.read(HEADER_LENGTH, length).buffer);
  const ranges: { offset: number; length: number; flags: number }[] = [];
  for (let at = 0; at < length; at += RANGE_LENGTH) {
    const sectors = view.getUint32(at + 8, true);
    const offset = offsetOf(view.getBigUint64(at, true), sectors * SECTOR_SIZE, backend);
    if (offset === undefined || sectors > MOST_SECTORS_A_RANGE) return failed;
    ranges.push({ offset, length: sectors * SECTOR_SIZE, flags: view.getUint32(at + 12, true) });
  }
  for (const range of ranges) {
    const done = act(range.offset, range.length, range.flags);
    if (done === undefined) return unsupported;
    await done;
  }
  return ok();
}
