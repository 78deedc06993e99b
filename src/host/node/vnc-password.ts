// The password of a screen, as VNC has it: DES of a challenge, with the password as the key.

import { createCipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { UserError } from '../../base/errors.ts';

const KEY_LENGTH = 8;

/** Checks clients that were challenged. */
export interface VncPassword {
  challenge(): Uint8Array;
  isRight(challenge: Uint8Array, response: Uint8Array): boolean;
}

/** @throws UserError when the password is empty or longer than the protocol takes into account */
export function createVncPassword(password: string): VncPassword {
  const bytes = Buffer.from(password, 'utf8');
  if (bytes.length === 0 || bytes.length > KEY_LENGTH) {
    throw new UserError(`The VNC password has ${bytes.length} bytes; the protocol takes 1 to ${KEY_LENGTH}.`);
  }
  const key = Buffer.alloc(KEY_LENGTH);
  bytes.copy(key);
  // The first programs had the bits of each byte the other way round (RFC 6143, 7.2.2).
  for (const [index, byte] of key.entries()) key[index] = reversed(byte);
  return {
    challenge: () => randomBytes(16),
    isRight: (challenge, response) => response.length === 16 && timingSafeEqual(encrypt(key, challenge), response),
  };
}

/** Single DES is triple DES with one key thrice; libraries no longer have it by itself. */
function encrypt(key: Buffer, bytes: Uint8Array): Buffer {
  const cipher = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

function reversed(byte: number): number {
  let bits = 0;
  for (let bit = 0; bit < 8; bit += 1) bits |= ((byte >> bit) & 1) << (7 - bit);
  return bits;
}
