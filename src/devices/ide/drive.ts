import { DriveRegisters } from './drive-registers.ts';
import { AT_REST, STATUS } from './ide-registers.ts';
import { CHUNK, PHASE } from './ide-state.ts';

/** How much goes by bus master at once, in bytes. */
const DMA_PIECE = 256 * 1024;

/** Transfers between a drive's medium and its host: in blocks by the data register, or by bus master. */
export abstract class Drive extends DriveRegisters {
  /** Fills `into` from the medium, from `address` on. */
  protected abstract readMedium(address: number, into: Uint8Array): Promise<void>;
  protected abstract writeMedium(address: number, from: Uint8Array): Promise<void>;
  protected abstract flushMedium(): Promise<void>;
  /** The medium failed. */
  protected abstract mediumFailed(isRead: boolean): void;
  /** A block is in the buffer for the host to read; `length` is in bytes. */
  protected abstract blockOffered(length: number): void;
  /** The host has read the last block. */
  protected abstract lastBlockRead(): void;
  /** The host has written a packet. */
  protected abstract packetWritten(packet: Uint8Array): void;

  /** The next 1, 2 or 4 bytes of the block; zero when there are none. */
  readData(size: number): number {
    const { state } = this;
    if (state.phase !== PHASE.dataIn || (state.status & STATUS.request) === 0) return 0;
    let value = 0;
    for (let at = 0; at < size && state.position < state.blockEnd; at++) {
      value |= (state.buffer[state.position++] as number) << (at * 8);
    }
    if (state.position >= state.blockEnd) this.#blockRead();
    return value >>> 0;
  }

  writeData(size: number, value: number): void {
    const { state } = this;
    const isTaken = state.phase === PHASE.dataOut || state.phase === PHASE.packet;
    if (!isTaken || (state.status & STATUS.request) === 0) return;
    for (let at = 0; at < size && state.position < state.blockEnd; at++) {
      state.buffer[state.position++] = value >>> (at * 8);
    }
    if (state.position < state.blockEnd) return;
    if (state.phase === PHASE.packet) {
      state.phase = PHASE.idle;
      state.status = STATUS.busy;
      this.packetWritten(state.buffer);
    } else if (state.position < state.buffer.length) this.#awaitBlock(true);
    else this.#store();
  }

  /** The bus master has been started. */
  masterStarted(): void {
    const { phase } = this.state;
    if (this.isWaiting) return;
    if (phase === PHASE.dmaIn) this.#moveIn();
    else if (phase === PHASE.dmaOut) this.#moveOut();
  }

  protected flush(): void {
    this.wait(this.flushMedium(), (hasFailed) => (hasFailed ? this.mediumFailed(false) : this.finish()));
  }

  /** Hands bytes to the host. */
  protected giveBuffer(bytes: Uint8Array, blockLength: number): void {
    const { state } = this;
    state.phase = PHASE.dataIn;
    state.buffer = bytes;
    state.position = 0;
    state.blockLength = blockLength;
    state.remaining = 0;
    this.#offerBlock();
  }

  /** Reads `length` bytes of the medium through the data register. */
  protected readThroughRegister(address: number, length: number, blockLength: number): void {
    const { state } = this;
    state.phase = PHASE.dataIn;
    state.address = address;
    state.remaining = length;
    state.blockLength = blockLength;
    this.#fetch();
  }

  protected writeThroughRegister(address: number, length: number, blockLength: number): void {
    const { state } = this;
    state.phase = PHASE.dataOut;
    state.address = address;
    state.remaining = length;
    state.blockLength = blockLength;
    this.#awaitChunk(false);
  }

  protected awaitPacket(length: number): void {
    const { state } = this;
    state.phase = PHASE.packet;
    state.buffer = new Uint8Array(length);
    state.position = 0;
    state.blockEnd = length;
    state.status = AT_REST | STATUS.request;
  }

  /** Moves `length` bytes of the medium by bus master, now or as soon as it is started. */
  protected moveByMaster(isRead: boolean, address: number, length: number): void {
    const { state } = this;
    state.phase = isRead ? PHASE.dmaIn : PHASE.dmaOut;
    state.address = address;
    state.remaining = length;
    state.buffer = new Uint8Array();
    state.status = STATUS.busy;
    this.masterStarted();
  }

  /** Moves bytes to guest memory by bus master, now or as soon as it is started. */
  protected giveByMaster(bytes: Uint8Array): void {
    const { state } = this;
    state.phase = PHASE.dmaIn;
    state.remaining = 0;
    state.buffer = bytes;
    state.status = STATUS.busy;
    this.masterStarted();
  }

  #fetch(): void {
    const { state } = this;
    const chunk = new Uint8Array(Math.min(CHUNK, state.remaining));
    this.wait(this.readMedium(state.address, chunk), (hasFailed) => {
      if (hasFailed) return this.mediumFailed(true);
      state.buffer = chunk;
      state.position = 0;
      state.address += chunk.length;
      state.remaining -= chunk.length;
      this.#offerBlock();
    });
  }

  #offerBlock(): void {
    const { state } = this;
    state.blockEnd = Math.min(state.position + state.blockLength, state.buffer.length);
    state.status = AT_REST | STATUS.request;
    this.blockOffered(state.blockEnd - state.position);
    this.setInterrupting(true);
  }

  #blockRead(): void {
    const { state } = this;
    if (state.position < state.buffer.length) this.#offerBlock();
    else if (state.remaining > 0) this.#fetch();
    else this.lastBlockRead();
  }

  #awaitChunk(interrupting: boolean): void {
    this.state.buffer = new Uint8Array(Math.min(CHUNK, this.state.remaining));
    this.state.position = 0;
    this.#awaitBlock(interrupting);
  }

  #awaitBlock(interrupting: boolean): void {
    const { state } = this;
    state.blockEnd = Math.min(state.position + state.blockLength, state.buffer.length);
    state.status = AT_REST | STATUS.request;
    if (interrupting) this.setInterrupting(true);
  }

  #store(): void {
    const { state } = this;
    const { buffer } = state;
    this.wait(this.writeMedium(state.address, buffer), (hasFailed) => {
      if (hasFailed) return this.mediumFailed(false);
      state.address += buffer.length;
      state.remaining -= buffer.length;
      if (state.remaining > 0) this.#awaitChunk(true);
      else this.#written();
    });
  }

  #written(): void {
    if (this.state.mustFlush) this.flush();
    else this.finish();
  }

  #moveIn(): void {
    const { state } = this;
    const { master } = this.cable;
    if (!master.isActive) return this.#pause();
    if (state.buffer.length > 0) {
      const { buffer } = state;
      return master.store(buffer) < buffer.length ? this.#endEarly() : this.finish();
    }
    const piece = new Uint8Array(Math.min(DMA_PIECE, state.remaining));
    this.wait(this.readMedium(state.address, piece), (hasFailed) => {
      if (hasFailed) return this.mediumFailed(true);
      // Software has stopped the bus master: if it starts it again, this piece comes again.
      if (!master.isActive) return this.#pause();
      if (master.store(piece) < piece.length) return this.#endEarly();
      state.address += piece.length;
      state.remaining -= piece.length;
      if (state.remaining > 0) this.#moveIn();
      else this.finish();
    });
  }

  #moveOut(): void {
    const { state } = this;
    const { master } = this.cable;
    if (!master.isActive) return this.#pause();
    const length = Math.min(DMA_PIECE, state.remaining);
    const loaded = master.load(length);
    const piece = loaded.subarray(0, loaded.length - (loaded.length % 512));
    this.wait(this.writeMedium(state.address, piece), (hasFailed) => {
      if (hasFailed) return this.mediumFailed(false);
      state.address += piece.length;
      state.remaining -= piece.length;
      if (piece.length < length) this.#endEarly();
      else if (state.remaining > 0) this.#moveOut();
      else this.#written();
    });
  }

  /** Software has yet to start the bus master, or has stopped it; or the table is at its end. */
  #pause(): void {
    if (this.cable.master.isStarted) this.#endEarly();
  }

  /** The table had room for less than the command moves: there is no interrupt, as the interface says (3.1). */
  #endEarly(): void {
    this.becomeIdle();
    this.state.status = AT_REST;
  }
}
