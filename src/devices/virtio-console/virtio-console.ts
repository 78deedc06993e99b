import type { CharacterBackend } from '../../base/character-backend.ts';
import type { PlainData } from '../../base/state-field.ts';
import type { VirtioModel, VirtioQueues } from '../virtio/virtio-model.ts';
import { ConsolePort } from './console-port.ts';
import { CONTROL_LENGTH, EVENT, readControl, writeControl } from './control-message.ts';
import type { ControlMessage } from './control-message.ts';

/** VIRTIO_CONSOLE_F_MULTIPORT (virtio 1.2, 5.3.3). */
const MULTIPLE_PORTS = 1n << 1n;
const QUEUE = { receive: 0, transmit: 1, controlReceive: 2, controlTransmit: 3 } as const;
const QUEUE_SIZE = 128;
/** Messages for a driver that gives no buffers for them. */
const MOST_WAITING = 256;

/** One port of the device, for the composer. */
export interface ConsolePortOptions {
  /** What the guest finds the port by, in /dev/virtio-ports; absent for a console. */
  readonly portName?: string;
  readonly backend: CharacterBackend;
}

/** A console device with several ports (virtio 1.2, 5.3): consoles, and channels for programs in the guest. */
export class VirtioConsole implements VirtioModel {
  readonly name: string;
  readonly type = 3;
  readonly classCode = 0x07_8000;
  readonly features = MULTIPLE_PORTS;
  readonly queueSizes: readonly number[];
  readonly #ports: readonly ConsolePort[];
  readonly #waiting: Uint8Array[] = [];
  #queues: VirtioQueues | undefined;

  /** @param ports at least one */
  constructor(name: string, ports: readonly ConsolePortOptions[]) {
    this.name = name;
    this.queueSizes = Array.from({ length: (ports.length + 1) * 2 }, () => QUEUE_SIZE);
    this.#ports = ports.map(({ portName, backend }, index) => new ConsolePort(portName, backend, queuesOf(index)));
  }

  configuration(): Uint8Array {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(4, this.#ports.length, true);
    return new Uint8Array(view.buffer);
  }

  start(queues: VirtioQueues, features: bigint): void {
    this.#queues = queues;
    for (const port of this.#ports) port.start(queues);
    // Without the feature there is the first port alone, and nobody opens it.
    if ((features & MULTIPLE_PORTS) === 0n) this.#ports[0]?.setOpen(true);
  }

  notify(queue: number): void {
    if (queue === QUEUE.controlReceive) this.#sendWaiting();
    else if (queue === QUEUE.controlTransmit) this.#takeControl();
    else for (const port of this.#ports) port.notify(queue);
  }

  reset(): void {
    this.#queues = undefined;
    this.#waiting.length = 0;
    for (const port of this.#ports) port.reset();
  }

  save(): PlainData {
    return this.#ports.map((port) => port.isOpen);
  }

  restore(saved: PlainData): void {
    if (!Array.isArray(saved) || saved.length !== this.#ports.length) throw new Error('expected a list of ports');
    for (const [index, port] of this.#ports.entries()) port.setOpen(saved[index] === true);
  }

  dispose(): void {
    this.reset();
  }

  #takeControl(): void {
    for (let left = QUEUE_SIZE; left > 0; left -= 1) {
      const chain = this.#queues?.pop(QUEUE.controlTransmit);
      if (chain === undefined) break;
      const message = readControl(chain.read(0, CONTROL_LENGTH));
      this.#queues?.push(QUEUE.controlTransmit, chain, 0);
      if (message !== undefined) this.#obey(message);
    }
    this.#queues?.signal(QUEUE.controlTransmit);
  }

  /** What the driver says (virtio 1.2, 5.3.6.2). */
  #obey({ port: index, event, value }: ControlMessage): void {
    if (event === EVENT.deviceReady) {
      if (value === 1)
        for (const other of this.#ports.keys()) this.#send({ port: other, event: EVENT.portAdd, value: 1 });
      return;
    }
    const port = this.#ports[index];
    if (port === undefined) return;
    if (event === EVENT.portOpen) port.setOpen(value === 1);
    if (event !== EVENT.portReady || value !== 1) return;
    if (port.portName === undefined) this.#send({ port: index, event: EVENT.isConsole, value: 1 });
    else this.#send({ port: index, event: EVENT.portName, value: 1 }, port.portName);
    // The host's side is always open.
    this.#send({ port: index, event: EVENT.portOpen, value: 1 });
  }

  #send(message: ControlMessage, name?: string): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(writeControl(message, name));
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    let sent = false;
    while (this.#waiting.length > 0) {
      const chain = this.#queues?.pop(QUEUE.controlReceive);
      if (chain === undefined) break;
      this.#queues?.push(QUEUE.controlReceive, chain, chain.write(0, this.#waiting.shift() as Uint8Array));
      sent = true;
    }
    if (sent) this.#queues?.signal(QUEUE.controlReceive);
  }
}

/** Port 0 has the first two queues; the control queues come between it and the others. */
const queuesOf = (port: number): { readonly receive: number; readonly transmit: number } =>
  port === 0
    ? { receive: QUEUE.receive, transmit: QUEUE.transmit }
    : { receive: (port + 1) * 2, transmit: (port + 1) * 2 + 1 };
