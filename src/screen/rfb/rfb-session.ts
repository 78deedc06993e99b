import type { ByteStream, ByteStreamHandler } from '../../base/byte-stream.ts';
import type { Display, Rectangle } from '../../base/display.ts';
import { ByteInput, skip, take } from './byte-input.ts';
import type { Protocol } from './byte-input.ts';
import { ByteOutput } from './byte-output.ts';
import { handshake } from './handshake.ts';
import type { RfbPassword } from './handshake.ts';
import { KeyboardInput } from './keyboard-input.ts';
import type { KeyListener } from './keyboard-input.ts';
import {
  PIXEL_FORMAT_LENGTH,
  readPixelFormat,
  SERVER_FORMAT,
  writeColourMap,
  writePixelFormat,
} from './pixel-format.ts';
import { PointerInput } from './pointer-input.ts';
import type { PointerListener } from './pointer-input.ts';
import { UpdateSender } from './update-sender.ts';

export interface RfbOptions {
  readonly display: Display;
  /** What clients call the screen, in ASCII. */
  readonly name: string;
  readonly onKey: KeyListener;
  readonly onPointer: PointerListener;
  /** Whether the guest's pointer is moved and not placed, as with a PS/2 mouse. True unless told. */
  readonly relativePointer?: boolean;
  /** The host's time in milliseconds. `performance.now` unless told. */
  readonly now?: () => number;
  /** Asked of clients, if there is one. */
  readonly password?: RfbPassword;
}

/** Messages from a client (RFC 6143, 7.5; 255 is QEMU's). */
const MESSAGE = { format: 0, encodings: 2, request: 3, key: 4, pointer: 5, cutText: 6, qemu: 255 } as const;
const EXTENDED_KEY = 0;

/** One client of a screen: the Remote Framebuffer Protocol 3.8 (RFC 6143), and 3.7 and 3.3 for those that know no better. */
export class RfbSession implements ByteStreamHandler {
  readonly #stream: ByteStream;
  readonly #options: RfbOptions;
  readonly #input: ByteInput;
  readonly #keyboard: KeyboardInput;
  readonly #pointer: PointerInput;
  readonly #updates: UpdateSender;

  constructor(stream: ByteStream, options: RfbOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#keyboard = new KeyboardInput(options.onKey);
    this.#pointer = new PointerInput(options.onPointer);
    const { display, relativePointer = true, now = () => performance.now() } = options;
    this.#updates = new UpdateSender(stream, display, relativePointer, now);
    this.#input = new ByteInput(this.#protocol());
  }

  receive(bytes: Uint8Array): void {
    this.#input.receive(bytes);
  }

  closed(): void {
    this.#updates.dispose();
    this.#keyboard.release();
    this.#pointer.release();
  }

  *#protocol(): Protocol {
    if (yield* handshake((bytes) => this.#stream.write(bytes), this.#options.password)) {
      this.#sendInit();
      let goesOn = true;
      while (goesOn) goesOn = yield* this.#message();
    }
    this.#stream.end();
  }

  #sendInit(): void {
    const { display, name } = this.#options;
    display.refresh();
    const { width, height } = display.size;
    this.#updates.begin(display.size);
    const init = new ByteOutput().u16(width).u16(height);
    writePixelFormat(init, SERVER_FORMAT);
    this.#stream.write(init.text(name).bytes());
  }

  /** Takes one message. False when it is none, after which nothing can be made of what follows. */
  *#message(): Generator<number, boolean, Uint8Array> {
    const kind = (yield* take(1)).getUint8(0);
    switch (kind) {
      case MESSAGE.format:
        return this.#setFormat(yield* take(3 + PIXEL_FORMAT_LENGTH));
      case MESSAGE.encodings: {
        const count = (yield* take(3)).getUint16(1);
        const list = yield* take(count * 4);
        this.#updates.setEncodings(Array.from({ length: count }, (_, index) => list.getInt32(index * 4)));
        return true;
      }
      case MESSAGE.request: {
        const request = yield* take(9);
        const [x, y, width, height] = [1, 3, 5, 7].map((at) => request.getUint16(at)) as [
          number,
          number,
          number,
          number,
        ];
        this.#request(request.getUint8(0) !== 0, { x, y, width, height });
        return true;
      }
      case MESSAGE.key: {
        const event = yield* take(7);
        this.#keyboard.keysym(event.getUint32(3), event.getUint8(0) !== 0);
        return true;
      }
      case MESSAGE.pointer: {
        const event = yield* take(5);
        const [mask, x, y] = [event.getUint8(0), event.getUint16(1), event.getUint16(3)];
        if (this.#updates.sendsMovements) this.#pointer.moveBy(mask, x, y);
        else this.#pointer.move(mask, x, y);
        return true;
      }
      case MESSAGE.cutText: {
        const length = (yield* take(7)).getInt32(3);
        // Negative lengths are an extension's.
        yield* skip(Math.abs(length));
        return true;
      }
      case MESSAGE.qemu: {
        if ((yield* take(1)).getUint8(0) !== EXTENDED_KEY) return false;
        const event = yield* take(10);
        const down = event.getUint16(0) !== 0;
        if (!this.#keyboard.scanCode(event.getUint32(6), down)) this.#keyboard.keysym(event.getUint32(2), down);
        return true;
      }
      default:
        return false;
    }
  }

  #setFormat(message: DataView): boolean {
    const format = readPixelFormat(message, 3);
    if (format === undefined) return false;
    this.#updates.setFormat(format);
    if (!format.trueColour) {
      const colours = new ByteOutput();
      writeColourMap(colours);
      this.#stream.write(colours.bytes());
    }
    return true;
  }

  #request(incremental: boolean, area: Rectangle): void {
    this.#updates.request(incremental ? undefined : area);
  }
}
