import type { Endpoint } from '../base/host-sockets.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { NetworkTime } from './network-time.ts';
import type { SendBuffer } from './send-buffer.ts';

/** Why a connection is over. */
export type TcpEnding = 'done' | 'reset' | 'timed-out';

/** Who uses a connection. Nothing is called inside its own calls. */
export interface TcpApplication {
  /** Bytes of window that it would have the guest be offered now. */
  readonly room: number;
  onOpen(): void;
  /** Takes bytes, which nobody changes afterwards, or returns false to have them sent again later. */
  onData(bytes: Uint8Array): boolean;
  /** The guest sends no more. */
  onEnd(): void;
  /** Some of what was written is acknowledged. */
  onSent(): void;
  /** Called once. */
  onClose(ending: TcpEnding): void;
}

/** Both ends of a connection; `remote` is whom the guest believes to talk to. */
export interface TcpEnds {
  readonly guest: Endpoint;
  readonly remote: Endpoint;
}

/** What wants to send: its `output` is called when it may. */
export interface Scheduled {
  output(): void;
}

/** What a connection needs of the network that it is part of. */
export interface TcpNetwork {
  readonly time: NetworkTime;
  readonly budget: MemoryBudget;
  /** Whether the cable takes a frame of data now; if not, the connection's `output` is called once it does. */
  mayTransmit(connection: Scheduled): boolean;
  /** Payload bytes of one frame at most, for segments of `segmentSize`. */
  largestPayload(segmentSize: number): number;
  transmit(ends: TcpEnds, header: OutgoingHeader, data?: OutgoingData): void;
  /** Calls the connection's `output` soon, once however often it is asked. */
  schedule(connection: Scheduled): void;
}

export interface OutgoingHeader {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  readonly segmentSize?: number;
  readonly windowScale?: number;
}

export interface OutgoingData {
  readonly buffer: SendBuffer;
  readonly offset: number;
  readonly length: number;
  /** Payload bytes that the guest takes in one segment. */
  readonly segmentSize: number;
}
