import type { Duplex } from 'node:stream';

/**
 * One of a machine's serial ports as a stream: read what the guest sends, write what it is to receive, both in bytes.
 *
 * Nothing is lost in either direction. Writing waits for the guest to take the bytes; and once somebody has begun to read,
 * the guest stands still while more than 64 KiB are unread. Of a port that nobody has begun to read yet, the last 64 KiB
 * are kept.
 *
 * The stream ends when the machine does. What is written after that is discarded, and streams that were piped to the port
 * are unpiped, so that an open standard input does not keep the process from exiting.
 */
export interface SerialPort extends Duplex {
  /** Sends the guest a break condition. Does nothing while the machine has not started or has ended. */
  sendBreak(): void;
}
