import type { BlockBackend } from '../../base/block-backend.ts';
import { ATA, FEATURE, isTransferMode } from './ata-commands.ts';
import type { DriveCable } from './drive-registers.ts';
import { Drive } from './drive.ts';
import { AT_REST, ERROR, REASON, STATUS } from './ide-registers.ts';
import type { DriveState } from './ide-state.ts';
import { identifyPacketDrive, type DriveNames } from './identify.ts';
import { be16, be32, FRAME, MEDIUM_EVENT, PACKET, SENSE_CODE, SENSE_KEY } from './packet-commands.ts';
import * as replies from './packet-replies.ts';

const PACKET_LENGTH = 12;
const BY_MASTER = 0x01;
const LONGEST_BLOCK = 0xfffe;
/** Commands that are done whether a change is to be told or not. */
const HEEDLESS: readonly number[] = [
  PACKET.inquiry,
  PACKET.requestSense,
  PACKET.getConfiguration,
  PACKET.getEventStatus,
];

/** An optical drive (ATA/ATAPI-6, MMC-5) that reads discs of 2048-byte frames. */
export class AtapiDrive extends Drive {
  protected readonly signature = { mid: 0x14, high: 0xeb, status: 0 };
  readonly #names: DriveNames;
  #medium: BlockBackend | undefined;

  constructor(cable: DriveCable, state: DriveState, medium: BlockBackend | undefined, names: DriveNames) {
    super(cable, state);
    this.#medium = medium;
    this.#names = names;
  }

  /** Puts another disc into the drive, or none, whatever the guest has locked. */
  changeMedium(medium: BlockBackend | undefined): void {
    this.#medium = medium;
    this.state.isOpen = false;
    this.state.mediumEvent = medium === undefined ? MEDIUM_EVENT.removal : MEDIUM_EVENT.newMedium;
    if (medium !== undefined) this.state.attention = SENSE_CODE.mediumChanged;
  }

  override endReset(): void {
    super.endReset();
    const { state } = this;
    state.attention = SENSE_CODE.wasReset;
    state.isLocked = false;
    state.senseKey = 0;
    state.senseCode = 0;
  }

  override command(command: number): void {
    // The one command that a busy drive takes.
    if (command !== ATA.deviceReset) return super.command(command);
    this.becomeIdle();
    this.setInterrupting(false);
    const { device } = this.state;
    this.endReset();
    this.state.device = device;
  }

  protected execute(command: number): void {
    const { state } = this;
    switch (command) {
      case ATA.packet:
        state.count = REASON.command;
        // By which the bus master moves data to the host; no packet here moves any from it.
        return this.awaitPacket(PACKET_LENGTH);
      case ATA.identifyPacket:
        return this.giveBuffer(identifyPacketDrive(state, this.#names), 512);
      case ATA.identify:
      case ATA.read:
        this.setSignature();
        return this.fail(ERROR.aborted);
      case ATA.setFeatures:
        if (state.features === FEATURE.transferMode && isTransferMode(state.count)) state.transferMode = state.count;
        else if (state.features !== FEATURE.keepAfterReset && state.features !== FEATURE.revertAfterReset) {
          return this.fail(ERROR.aborted);
        }
        return this.finish();
      case ATA.checkPower:
        state.count = 0xff;
        return this.finish();
      case ATA.flush:
      case ATA.idle:
      case ATA.idleImmediate:
      case ATA.standby:
      case ATA.standbyImmediate:
      case ATA.sleep:
        return this.finish();
      default:
        return this.fail(ERROR.aborted);
    }
  }

  /** The last frame may be in part beyond the end of the medium: it is filled up with zeroes. */
  protected readMedium(address: number, into: Uint8Array): Promise<void> {
    const medium = this.#medium;
    if (medium === undefined || address < 0) return Promise.reject(new Error('no medium'));
    const length = Math.max(0, Math.min(into.length, medium.size - address));
    return length === 0 ? Promise.resolve() : medium.read(address, into.subarray(0, length));
  }

  protected writeMedium(): Promise<void> {
    return Promise.reject(new Error('a disc is not written'));
  }

  protected flushMedium(): Promise<void> {
    return Promise.resolve();
  }

  protected mediumFailed(): void {
    this.#check(SENSE_KEY.mediumError, SENSE_CODE.unrecoveredRead);
  }

  protected blockOffered(length: number): void {
    const { state } = this;
    if (state.command !== ATA.packet) return;
    state.count = REASON.toHost;
    state.mid = length & 0xff;
    state.high = length >>> 8;
  }

  protected lastBlockRead(): void {
    if (this.state.command === ATA.packet) return this.finish();
    this.becomeIdle();
    this.state.status = AT_REST;
  }

  protected override finish(): void {
    if (this.state.command === ATA.packet) this.state.count = REASON.command | REASON.toHost;
    super.finish();
  }

  protected packetWritten(packet: Uint8Array): void {
    const { state } = this;
    const command = packet[0] ?? 0;
    if (state.attention !== 0 && !HEEDLESS.includes(command)) {
      const code = state.attention;
      state.attention = 0;
      return this.#check(SENSE_KEY.unitAttention, code);
    }
    if (command !== PACKET.requestSense) {
      state.senseKey = 0;
      state.senseCode = 0;
    }
    this.#perform(command, packet);
  }

  /** What needs no medium. */
  #perform(command: number, packet: Uint8Array): void {
    const { state } = this;
    switch (command) {
      case PACKET.inquiry:
        if (((packet[1] ?? 0) & 1) !== 0) return this.#refuse(SENSE_CODE.invalidField);
        return this.#reply(replies.inquiry(this.#names), packet[4] ?? 0);
      case PACKET.requestSense:
        return this.#tellSense(packet[4] ?? 0);
      case PACKET.getConfiguration:
        return this.#reply(replies.configuration(packet, this.#frames), be16(packet, 7));
      case PACKET.getEventStatus:
        return this.#reply(replies.eventStatus(packet, state, this.#frames !== undefined), be16(packet, 7));
      case PACKET.modeSense10:
        return this.#reply(replies.modeSense(packet, state, this.#frames !== undefined), be16(packet, 7));
      case PACKET.mechanismStatus:
        return this.#reply(replies.mechanismStatus(state), be16(packet, 8));
      case PACKET.startStop:
        return this.#startStop(packet[4] ?? 0);
      case PACKET.preventRemoval:
        state.isLocked = ((packet[4] ?? 0) & 1) !== 0;
        return this.finish();
      case PACKET.setSpeed:
        return this.finish();
      default:
        return this.#performOnMedium(command, packet);
    }
  }

  #performOnMedium(command: number, packet: Uint8Array): void {
    const frames = this.#frames;
    const isKnown = Object.values<number>(PACKET).includes(command);
    if (!isKnown) return this.#refuse(SENSE_CODE.unknownCommand);
    if (frames === undefined) {
      return this.#check(SENSE_KEY.notReady, this.state.isOpen ? SENSE_CODE.trayOpen : SENSE_CODE.noMedium);
    }
    switch (command) {
      case PACKET.readCapacity:
        return this.#reply(replies.capacity(frames), 8);
      case PACKET.read10:
        return this.#readFrames(be32(packet, 2), be16(packet, 7), frames);
      case PACKET.read12:
        return this.#readFrames(be32(packet, 2), be32(packet, 6), frames);
      case PACKET.readCd:
        return this.#readCd(packet, frames);
      case PACKET.readToc:
        return this.#reply(replies.tableOfContents(packet, frames), be16(packet, 7));
      case PACKET.readDiscInformation:
        return this.#reply(replies.discInformation(), be16(packet, 7));
      case PACKET.readTrackInformation:
        return this.#reply(replies.trackInformation(frames), be16(packet, 7));
      case PACKET.seek10:
        return be32(packet, 2) < frames ? this.finish() : this.#refuse(SENSE_CODE.outOfRange);
      default:
        return this.finish();
    }
  }

  /** Undefined without a medium. */
  get #frames(): number | undefined {
    if (this.#medium === undefined || this.state.isOpen) return undefined;
    return Math.ceil(this.#medium.size / FRAME);
  }

  #readFrames(first: number, count: number, frames: number): void {
    if (first + count > frames) return this.#refuse(SENSE_CODE.outOfRange);
    if (count === 0) return this.finish();
    const address = first * FRAME;
    if ((this.state.features & BY_MASTER) !== 0) this.moveByMaster(true, address, count * FRAME);
    else this.readThroughRegister(address, count * FRAME, this.#blockLength);
  }

  /** Frames of data alone: there is neither sound nor raw data on the medium. */
  #readCd(packet: Uint8Array, frames: number): void {
    const type = ((packet[1] ?? 0) >>> 2) & 7;
    const parts = packet[9] ?? 0;
    const count = be32(packet, 5) % 2 ** 24;
    if (count === 0 || parts === 0) return this.finish();
    if ((type !== 0 && type !== 2) || parts !== 0x10) return this.#refuse(SENSE_CODE.invalidField);
    this.#readFrames(be32(packet, 2), count, frames);
  }

  /** The longest block that the host takes between two interrupts, which has to be even. */
  get #blockLength(): number {
    const { mid, high } = this.state;
    return ((high << 8) | mid) & LONGEST_BLOCK || LONGEST_BLOCK;
  }

  /** An answer of at most `length` bytes; undefined if the packet asks for what is not there. */
  #reply(answer: Uint8Array | undefined, length: number): void {
    if (answer === undefined) return this.#refuse(SENSE_CODE.invalidField);
    const told = answer.slice(0, length);
    if (told.length === 0) this.finish();
    else if ((this.state.features & BY_MASTER) !== 0) this.giveByMaster(told);
    else this.giveBuffer(told, this.#blockLength);
  }

  /** Why the last packet failed, or what has changed; either is told once. */
  #tellSense(length: number): void {
    const { state } = this;
    let { senseKey: key, senseCode: code } = state;
    if (key === 0 && state.attention !== 0) {
      key = SENSE_KEY.unitAttention;
      code = state.attention;
      state.attention = 0;
    }
    state.senseKey = 0;
    state.senseCode = 0;
    this.#reply(replies.senseData(key, code), length);
  }

  #startStop(control: number): void {
    const { state } = this;
    const isEject = (control & 3) === 2;
    const isLoad = (control & 3) === 3;
    if (isEject && state.isLocked) return this.#check(SENSE_KEY.illegalRequest, SENSE_CODE.removalPrevented);
    if (isEject && !state.isOpen) {
      state.isOpen = true;
      state.mediumEvent = MEDIUM_EVENT.removal;
    } else if (isLoad && state.isOpen) {
      state.isOpen = false;
      if (this.#medium !== undefined) {
        state.mediumEvent = MEDIUM_EVENT.newMedium;
        state.attention = SENSE_CODE.mediumChanged;
      }
    }
    this.finish();
  }

  #refuse(code: number): void {
    this.#check(SENSE_KEY.illegalRequest, code);
  }

  /** Ends a packet with "check condition": the host will ask why. */
  #check(key: number, code: number): void {
    const { state } = this;
    state.senseKey = key;
    state.senseCode = code;
    state.count = REASON.command | REASON.toHost;
    this.fail(replies.errorOf(key));
    state.status = STATUS.ready | STATUS.error;
  }
}
