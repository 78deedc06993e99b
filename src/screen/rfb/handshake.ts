import { skip, take } from './byte-input.ts';
import { ByteOutput } from './byte-output.ts';

/** Checks who may look: the challenge and response of "VNC Authentication" (RFC 6143, 7.2.2). */
export interface RfbPassword {
  /** 16 random bytes. */
  challenge(): Uint8Array;
  isRight(challenge: Uint8Array, response: Uint8Array): boolean;
}

const SECURITY = { none: 1, password: 2 } as const;
const VERSIONS = ['RFB 003.003\n', 'RFB 003.007\n', 'RFB 003.008\n'] as const;
const FAILURE = 'The password is wrong.';

/**
 * Agrees on a version and lets the client in (RFC 6143, 7.1 and 7.2). Returns whether it was. The last `ClientInit` flag, whether
 * others may look too, is not heeded: they always may.
 */
export function* handshake(
  send: (bytes: Uint8Array) => void,
  password: RfbPassword | undefined,
): Generator<number, boolean, Uint8Array> {
  send(new ByteOutput().ascii(VERSIONS[2]).bytes());
  const wanted = yield* take(12);
  const version = String.fromCharCode(...Array.from({ length: 12 }, (_, at) => wanted.getUint8(at)));
  if (!/^RFB \d{3}\.\d{3}\n$/.test(version)) return false;
  const kind = password === undefined ? SECURITY.none : SECURITY.password;
  // Any other number is to be taken as 3.3 (7.1.1), but for later ones, of which 3.8 is all the server knows.
  const isOld = version < VERSIONS[1];
  if (isOld) send(new ByteOutput().u32(kind).bytes());
  else {
    send(new ByteOutput().u8(1).u8(kind).bytes());
    const chosen = yield* take(1);
    if (chosen.getUint8(0) !== kind) return false;
  }
  if (password !== undefined) {
    const challenge = password.challenge();
    send(challenge.slice());
    const response = yield* take(16);
    const bytes = new Uint8Array(response.buffer, response.byteOffset, 16);
    if (!password.isRight(challenge, bytes)) {
      const refusal = new ByteOutput().u32(1);
      if (version >= VERSIONS[2]) refusal.text(FAILURE);
      send(refusal.bytes());
      return false;
    }
  }
  if (password !== undefined || version >= VERSIONS[2]) send(new ByteOutput().u32(0).bytes());
  yield* skip(1);
  return true;
}
