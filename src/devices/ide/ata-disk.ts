import { SECTOR_SIZE } from '../../base/block-backend.ts';
import type { BlockBackend } from '../../base/block-backend.ts';
import { ATA, FEATURE, isTransferMode } from './ata-commands.ts';
import type { DriveCable } from './drive-registers.ts';
import { Drive } from './drive.ts';
import { AT_REST, DEVICE, ERROR } from './ide-registers.ts';
import type { DriveState } from './ide-state.ts';
import { identifyDisk, LONGEST_MULTIPLE, type DriveNames } from './identify.ts';

/** How data goes to and from the host. */
type Way = 'register' | 'multiple' | 'master';

interface Transfer {
  readonly isRead: boolean;
  readonly way: Way;
  readonly isExtended: boolean;
  /** Whether it has to be on stable storage at the end. */
  readonly isForced?: boolean;
}

const TRANSFERS: ReadonlyMap<number, Transfer> = new Map<number, Transfer>([
  [ATA.read, { isRead: true, way: 'register', isExtended: false }],
  [ATA.readOnce, { isRead: true, way: 'register', isExtended: false }],
  [ATA.readExtended, { isRead: true, way: 'register', isExtended: true }],
  [ATA.readMultiple, { isRead: true, way: 'multiple', isExtended: false }],
  [ATA.readMultipleExtended, { isRead: true, way: 'multiple', isExtended: true }],
  [ATA.readDma, { isRead: true, way: 'master', isExtended: false }],
  [ATA.readDmaOnce, { isRead: true, way: 'master', isExtended: false }],
  [ATA.readDmaExtended, { isRead: true, way: 'master', isExtended: true }],
  [ATA.write, { isRead: false, way: 'register', isExtended: false }],
  [ATA.writeOnce, { isRead: false, way: 'register', isExtended: false }],
  [ATA.writeExtended, { isRead: false, way: 'register', isExtended: true }],
  [ATA.writeMultiple, { isRead: false, way: 'multiple', isExtended: false }],
  [ATA.writeMultipleExtended, { isRead: false, way: 'multiple', isExtended: true }],
  [ATA.writeMultipleForcedExtended, { isRead: false, way: 'multiple', isExtended: true, isForced: true }],
  [ATA.writeDma, { isRead: false, way: 'master', isExtended: false }],
  [ATA.writeDmaOnce, { isRead: false, way: 'master', isExtended: false }],
  [ATA.writeDmaExtended, { isRead: false, way: 'master', isExtended: true }],
  [ATA.writeDmaForcedExtended, { isRead: false, way: 'master', isExtended: true, isForced: true }],
]);

/** A hard disk (ATA/ATAPI-6). It has no self-monitoring, security or protected area: such commands are aborted. */
export class AtaDisk extends Drive {
  protected readonly signature = { mid: 0, high: 0, status: AT_REST };
  readonly #backend: BlockBackend;
  readonly #names: DriveNames;
  /** In sectors. */
  readonly #total: number;

  constructor(cable: DriveCable, state: DriveState, backend: BlockBackend, names: DriveNames) {
    super(cable, state);
    this.#backend = backend;
    this.#names = names;
    this.#total = Math.floor(backend.size / SECTOR_SIZE);
  }

  protected execute(command: number): void {
    const { state } = this;
    const transfer = TRANSFERS.get(command);
    if (transfer !== undefined) return this.#transfer(transfer);
    switch (command) {
      case ATA.identify:
        return this.giveBuffer(identifyDisk(this.#total, state, this.#names), SECTOR_SIZE);
      case ATA.verify:
      case ATA.verifyOnce:
        return this.#isOnDisk(false) ? this.finish() : this.fail(ERROR.notFound);
      case ATA.verifyExtended:
        return this.#isOnDisk(true) ? this.finish() : this.fail(ERROR.notFound);
      case ATA.flush:
      case ATA.flushExtended:
        return this.flush();
      case ATA.setFeatures:
        return this.#setFeatures();
      case ATA.setMultiple:
        return this.#setMultiple();
      case ATA.setParameters:
        return this.#setParameters();
      case ATA.readNativeMax:
        return this.#tellLast(false);
      case ATA.readNativeMaxExtended:
        return this.#tellLast(true);
      default:
        return this.#manage(command);
    }
  }

  /** Power management, and what moved the heads when there were any. */
  #manage(command: number): void {
    const { state } = this;
    const group = command & 0xf0;
    if (group === ATA.recalibrate || group === ATA.seek) return this.finish();
    // The same commands had other codes before.
    switch (group === 0x90 && command >= 0x94 ? command - 0x94 + ATA.standbyImmediate : command) {
      case ATA.standby:
      case ATA.standbyImmediate:
      case ATA.sleep:
        state.standby = true;
        // What is in the cache has to be safe before the power goes.
        return this.flush();
      case ATA.idle:
      case ATA.idleImmediate:
        state.standby = false;
        return this.finish();
      case ATA.checkPower:
      case 0xe4:
        state.count = state.standby ? 0x00 : 0xff;
        return this.finish();
      default:
        return this.fail(ERROR.aborted);
    }
  }

  protected readMedium(address: number, into: Uint8Array): Promise<void> {
    if (address < 0 || address + into.length > this.#backend.size) return Promise.reject(new Error('beyond the disk'));
    return this.#backend.read(address, into);
  }

  protected writeMedium(address: number, from: Uint8Array): Promise<void> {
    if (address < 0 || address + from.length > this.#backend.size) return Promise.reject(new Error('beyond the disk'));
    return this.#backend.write(address, from);
  }

  protected flushMedium(): Promise<void> {
    return this.#backend.flush();
  }

  protected mediumFailed(isRead: boolean): void {
    this.fail(isRead ? ERROR.uncorrectable : ERROR.aborted);
  }

  protected blockOffered(): void {}

  protected lastBlockRead(): void {
    this.becomeIdle();
    this.state.status = AT_REST;
  }

  protected packetWritten(): void {
    this.fail(ERROR.aborted);
  }

  #transfer({ isRead, way, isExtended, isForced = false }: Transfer): void {
    const { state } = this;
    state.standby = false;
    if (way === 'multiple' && state.multiple === 0) return this.fail(ERROR.aborted);
    if (!isRead && this.#backend.isReadOnly) return this.fail(ERROR.aborted);
    if (!this.#isOnDisk(isExtended)) return this.fail(ERROR.notFound);
    const address = this.#firstSector(isExtended) * SECTOR_SIZE;
    const length = this.#count(isExtended) * SECTOR_SIZE;
    state.mustFlush = !isRead && (isForced || !state.writeCache);
    const block = (way === 'multiple' ? state.multiple : 1) * SECTOR_SIZE;
    if (way === 'master') this.moveByMaster(isRead, address, length);
    else if (isRead) this.readThroughRegister(address, length, block);
    else this.writeThroughRegister(address, length, block);
  }

  /** Zero stands for as many sectors as the register could count and one more. */
  #count(isExtended: boolean): number {
    const { count, countBefore } = this.state;
    return isExtended ? (countBefore << 8) | count || 0x1_0000 : count || 0x100;
  }

  /** By its number, or by cylinder, head and sector. -1 if there is none. */
  #firstSector(isExtended: boolean): number {
    const { low, mid, high, lowBefore, midBefore, highBefore, device, heads, sectors } = this.state;
    const short = (high << 16) | (mid << 8) | low;
    if (isExtended) return ((highBefore << 16) | (midBefore << 8) | lowBefore) * 2 ** 24 + short;
    if ((device & DEVICE.lba) !== 0) return ((device & 0x0f) << 24) | short;
    const head = device & 0x0f;
    if (low === 0 || low > sectors || head >= heads) return -1;
    return (((high << 8) | mid) * heads + head) * sectors + low - 1;
  }

  #isOnDisk(isExtended: boolean): boolean {
    const first = this.#firstSector(isExtended);
    return first >= 0 && first + this.#count(isExtended) <= this.#total;
  }

  #setFeatures(): void {
    const { state } = this;
    switch (state.features) {
      case FEATURE.writeCacheOn:
        state.writeCache = true;
        return this.finish();
      case FEATURE.writeCacheOff:
        state.writeCache = false;
        return this.flush();
      case FEATURE.transferMode:
        if (!isTransferMode(state.count)) return this.fail(ERROR.aborted);
        state.transferMode = state.count;
        return this.finish();
      case FEATURE.lookAheadOff:
      case FEATURE.lookAheadOn:
      case FEATURE.keepAfterReset:
      case FEATURE.revertAfterReset:
        return this.finish();
      default:
        return this.fail(ERROR.aborted);
    }
  }

  #setMultiple(): void {
    const { count } = this.state;
    // A power of two; zero forbids READ MULTIPLE.
    const isAllowed = count <= LONGEST_MULTIPLE && (count & (count - 1)) === 0;
    this.state.multiple = isAllowed ? count : 0;
    if (isAllowed) this.finish();
    else this.fail(ERROR.aborted);
  }

  #setParameters(): void {
    const { state } = this;
    if (state.count === 0) return this.fail(ERROR.aborted);
    state.heads = (state.device & 0x0f) + 1;
    state.sectors = state.count;
    this.finish();
  }

  /** The number of the last sector. */
  #tellLast(isExtended: boolean): void {
    const { state } = this;
    const last = isExtended ? this.#total - 1 : Math.min(this.#total, 2 ** 28) - 1;
    [state.low, state.mid, state.high] = [last & 0xff, (last >>> 8) & 0xff, (last >>> 16) & 0xff];
    const rest = Math.floor(last / 2 ** 24);
    if (isExtended) {
      [state.lowBefore, state.midBefore, state.highBefore] = [rest & 0xff, (rest >>> 8) & 0xff, (rest >>> 16) & 0xff];
    } else state.device = (state.device & 0xf0) | rest;
    this.finish();
  }
}
