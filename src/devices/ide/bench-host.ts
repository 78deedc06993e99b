import type { BlockBackend } from '../../base/block-backend.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { IdeController } from './ide-controller.ts';
import type { IdeDrive } from './ide-drive.ts';
import { REGISTER, STATUS } from './ide-registers.ts';

const SECTOR = 512;

/** A medium in memory: sectors that were never written hold their own number. */
export class BenchMedium implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  /** What was asked of it, such as `write 512+1024` and `flush`. */
  readonly requests: string[] = [];
  /** Whether everything fails. */
  isBroken = false;
  readonly #written = new Map<number, Uint8Array>();

  constructor(size: number, isReadOnly = false) {
    this.size = size;
    this.isReadOnly = isReadOnly;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#note('read', offset, into.length);
    for (let at = 0; at < into.length; at += SECTOR) {
      into.set(this.sector((offset + at) / SECTOR).subarray(0, into.length - at), at);
    }
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.#note('write', offset, from.length);
    if (this.isReadOnly) throw new Error('it cannot be written');
    for (let at = 0; at < from.length; at += SECTOR) {
      this.#written.set((offset + at) / SECTOR, from.slice(at, at + SECTOR));
    }
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.write(offset, new Uint8Array(length));
  }

  async discard(): Promise<void> {}

  async flush(): Promise<void> {
    this.requests.push('flush');
    if (this.isBroken) throw new Error('broken');
  }

  async close(): Promise<void> {}

  /** What a sector holds. */
  sector(number: number): Uint8Array {
    const written = this.#written.get(number);
    if (written !== undefined) return written;
    const bytes = new Uint8Array(SECTOR);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < SECTOR; at += 8) view.setFloat64(at, number + at / SECTOR);
    return bytes;
  }

  #note(what: string, offset: number, length: number): void {
    this.requests.push(`${what} ${offset}+${length}`);
    if (offset < 0 || offset + length > this.size) throw new Error('beyond the medium');
    if (this.isBroken) throw new Error('broken');
  }
}

export const NAMES = { model: 'Bench drive', serial: 'B-1', firmware: '1.0' } as const;

/** A board with an IDE controller, and the driver's side of one of its channels. */
export class BenchHost {
  readonly board = new BenchBoard();
  readonly controller: IdeController;
  /** The first port of the command block. */
  port = 0x1f0;
  /** The device register without a head or the high bits of a sector number. */
  device = 0xe0;

  constructor(...drives: readonly (IdeDrive | undefined)[]) {
    this.controller = new IdeController(this.board, { drives });
  }

  get line(): boolean {
    return this.board.lines.level(this.port === 0x1f0 ? 14 : 15);
  }

  in(register: number): number {
    return this.board.in8(this.port + register);
  }

  out(register: number, value: number): void {
    this.board.out8(this.port + register, value);
  }

  /** The status, without saying that the interrupt has been seen. */
  get alternateStatus(): number {
    return this.board.in8(this.port + 0x206);
  }

  control(value: number): void {
    this.board.out8(this.port + 0x206, value);
  }

  /** Lets the medium do what was asked of it. */
  async settle(): Promise<void> {
    do await this.controller.settled();
    while ((this.alternateStatus & STATUS.busy) !== 0 && (await this.#isUnderWay()));
  }

  /** A command by a 28-bit sector number; returns the status once it is not busy. */
  async command(
    command: number,
    options: { sector?: number; count?: number; features?: number } = {},
  ): Promise<number> {
    const { sector = 0, count = 0, features = 0 } = options;
    this.out(REGISTER.device, this.device | ((sector >>> 24) & 15));
    this.out(REGISTER.error, features);
    this.out(REGISTER.count, count);
    this.out(REGISTER.low, sector & 0xff);
    this.out(REGISTER.mid, (sector >>> 8) & 0xff);
    this.out(REGISTER.high, (sector >>> 16) & 0xff);
    this.out(REGISTER.status, command);
    await this.controller.settled();
    return this.alternateStatus;
  }

  /** A command by a 48-bit sector number. */
  async extendedCommand(command: number, sector: number, count: number): Promise<number> {
    const high = Math.floor(sector / 2 ** 24);
    this.out(REGISTER.device, this.device);
    for (const [part, number] of [
      [count >>> 8, high],
      [count & 0xff, sector % 2 ** 24],
    ] as const) {
      this.out(REGISTER.count, part);
      this.out(REGISTER.low, number & 0xff);
      this.out(REGISTER.mid, (number >>> 8) & 0xff);
      this.out(REGISTER.high, (number >>> 16) & 0xff);
    }
    this.out(REGISTER.status, command);
    await this.controller.settled();
    return this.alternateStatus;
  }

  /** Reads the data register, 16 bits at a time. */
  readData(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 2) {
      const word = this.board.ports.read(this.port, 2);
      bytes[at] = word;
      bytes[at + 1] = word >>> 8;
    }
    return bytes;
  }

  writeData(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 2) {
      this.board.ports.write(this.port, 2, (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
    }
  }

  /** Writes a table of regions for the bus master, and its address. */
  setTable(table: number, regions: readonly (readonly [address: number, length: number])[]): void {
    const { memory } = this.board;
    for (const [index, [address, length]] of regions.entries()) {
      memory.write32((table + index * 8) as never, address);
      const last = index === regions.length - 1 ? 0x8000_0000 : 0;
      memory.write32((table + index * 8 + 4) as never, (last | (length & 0xffff)) >>> 0);
    }
    this.controller.busMaster.write(this.#master + 4, 4, table);
  }

  /** Starts or stops the bus master; 8 is the direction to memory. */
  master(command: number): void {
    this.controller.busMaster.write(this.#master, 1, command);
  }

  get masterStatus(): number {
    return this.controller.busMaster.read(this.#master + 2, 1);
  }

  set masterStatus(value: number) {
    this.controller.busMaster.write(this.#master + 2, 1, value);
  }

  get #master(): number {
    return this.port === 0x1f0 ? 0 : 8;
  }

  /** Whether a turn of the event loop changes anything. */
  async #isUnderWay(): Promise<boolean> {
    const before = this.alternateStatus;
    await this.controller.settled();
    return this.alternateStatus !== before;
  }
}
