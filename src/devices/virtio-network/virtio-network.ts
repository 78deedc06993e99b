import type { NetworkBackend, NetworkFrame, NetworkReceiver } from '../../base/network-backend.ts';
import type { PlainData } from '../../base/state-field.ts';
import type { Chain } from '../virtio/chain.ts';
import type { VirtioModel, VirtioQueues } from '../virtio/virtio-model.ts';
import { FRAME_HEADER_LENGTH, LARGEST_FRAME, readFrame, writeHeader } from './frame-header.ts';

/** Feature bits (virtio 1.2, 5.1.3). */
const FEATURE = {
  checksum: 1n << 0n,
  guestChecksum: 1n << 1n,
  address: 1n << 5n,
  guestSegmentation: 1n << 7n,
  hostSegmentation: 1n << 11n,
  mergedBuffers: 1n << 15n,
  status: 1n << 16n,
} as const;

const QUEUE = { receive: 0, transmit: 1 } as const;
const QUEUE_SIZE = 256;
const LINK_IS_UP = 1;
const LARGEST_PLAIN_FRAME = 1514;

/** A network card (virtio 1.2, 5.1) with one pair of queues. */
export class VirtioNetwork implements VirtioModel, NetworkReceiver {
  readonly name: string;
  readonly type = 1;
  readonly classCode = 0x02_0000;
  readonly features: bigint;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly #backend: NetworkBackend;
  readonly #address: Uint8Array;
  #queues: VirtioQueues | undefined;
  #accepted = 0n;
  #listener: () => void = () => {};
  /** A frame was not taken, and its sender waits for room. */
  #refused = false;

  /** @param address the card's six bytes of MAC address */
  constructor(name: string, backend: NetworkBackend, address: Uint8Array) {
    this.name = name;
    this.#backend = backend;
    this.#address = address;
    this.features =
      FEATURE.address |
      FEATURE.status |
      FEATURE.mergedBuffers |
      FEATURE.guestChecksum |
      FEATURE.guestSegmentation |
      (backend.takesOffloads ? FEATURE.checksum | FEATURE.hostSegmentation : 0n);
    backend.connect(this);
  }

  get largestFrame(): number {
    return this.#has(FEATURE.guestSegmentation) ? LARGEST_FRAME : LARGEST_PLAIN_FRAME;
  }

  get takesPartialChecksums(): boolean {
    return this.#has(FEATURE.guestChecksum);
  }

  receive(frame: NetworkFrame): boolean {
    const queues = this.#queues;
    // Without a driver the cable leads nowhere.
    if (queues === undefined || frame.bytes.length > this.largestFrame) return true;
    const chains = this.#takeBuffers(queues, FRAME_HEADER_LENGTH + frame.bytes.length);
    this.#refused = chains === undefined;
    if (chains === undefined) return false;
    const bytes = new Uint8Array(FRAME_HEADER_LENGTH + frame.bytes.length);
    bytes.set(writeHeader(frame, chains.length));
    bytes.set(frame.bytes, FRAME_HEADER_LENGTH);
    let done = 0;
    for (const chain of chains) {
      const written = chain.write(0, bytes.subarray(done, done + chain.writeLength));
      queues.push(QUEUE.receive, chain, written);
      done += written;
    }
    queues.signal(QUEUE.receive);
    return true;
  }

  onRoom(listener: () => void): void {
    this.#listener = listener;
  }

  configuration(): Uint8Array {
    const bytes = new Uint8Array(8);
    bytes.set(this.#address);
    bytes[6] = LINK_IS_UP;
    return bytes;
  }

  start(queues: VirtioQueues, features: bigint): void {
    this.#queues = queues;
    this.#accepted = features;
  }

  notify(queue: number): void {
    if (queue === QUEUE.transmit) this.#transmit();
    else if (this.#refused) {
      this.#refused = false;
      this.#listener();
    }
  }

  reset(): void {
    this.#queues = undefined;
    this.#accepted = 0n;
    const waits = this.#refused;
    this.#refused = false;
    if (waits) this.#listener();
  }

  save(): PlainData {
    return null;
  }

  restore(): void {}

  dispose(): void {
    this.#queues = undefined;
  }

  #has(feature: bigint): boolean {
    return (this.#accepted & feature) !== 0n;
  }

  #transmit(): void {
    const queues = this.#queues;
    if (queues === undefined) return;
    // A ring holds no more requests than its size; a guest that has the device write into its own ring gets no more turns.
    for (let left = QUEUE_SIZE; left > 0; left -= 1) {
      const chain = queues.pop(QUEUE.transmit);
      if (chain === undefined) break;
      const isWhole = chain.readLength <= FRAME_HEADER_LENGTH + LARGEST_FRAME;
      const frame = isWhole ? readFrame(chain.read(0, chain.readLength)) : undefined;
      queues.push(QUEUE.transmit, chain, 0);
      if (frame !== undefined) this.#backend.send(frame);
    }
    queues.signal(QUEUE.transmit);
  }

  /** Buffers for so many bytes, or undefined when there are not enough; then none is taken. */
  #takeBuffers(queues: VirtioQueues, length: number): readonly Chain[] | undefined {
    const most = this.#has(FEATURE.mergedBuffers) ? QUEUE_SIZE : 1;
    const chains: Chain[] = [];
    let room = 0;
    while (room < length && chains.length < most) {
      const chain = queues.pop(QUEUE.receive);
      if (chain === undefined) break;
      chains.push(chain);
      room += chain.writeLength;
    }
    if (room >= length) return chains;
    for (const chain of chains.toReversed()) queues.putBack(QUEUE.receive, chain);
    return undefined;
  }
}
