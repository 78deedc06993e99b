import { ByteOutput } from './byte-output.ts';

/** A client of the protocol, written from RFC 6143 alone: it keeps a picture of 0xRRGGBB pixels. */
export class TestViewer {
  /** Sends bytes to the server. */
  readonly #send: (bytes: Uint8Array) => void;
  /** Takes a zlib stream apart: all of it up to now, of which it gives what is new. */
  readonly #inflate: (bytes: Uint8Array) => Uint8Array;
  #received = new Uint8Array(0);
  #at = 0;
  width = 0;
  height = 0;
  name = '';
  picture = new Uint32Array(0);
  /** Bytes a pixel, and whether the highest byte is the first. The colours are 8, 8, 8 or 5, 6, 5 bits. */
  bytes = 4;
  bigEndian = false;
  /** Rectangles of the last update: encoding, and how large. */
  rectangles: {
    readonly encoding: number;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[] = [];

  constructor(send: (bytes: Uint8Array) => void, inflate: (bytes: Uint8Array) => Uint8Array) {
    this.#send = send;
    this.#inflate = inflate;
  }

  get unread(): number {
    return this.#received.length - this.#at;
  }

  /** Bytes from the server. */
  receive(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#received.length + bytes.length);
    all.set(this.#received);
    all.set(bytes, this.#received.length);
    this.#received = all;
  }

  take(count: number): Uint8Array {
    if (this.unread < count) throw new Error(`The server sent ${this.unread} bytes where ${count} were to come.`);
    this.#at += count;
    return this.#received.subarray(this.#at - count, this.#at);
  }

  number(count: number): number {
    return this.take(count).reduce((value, byte) => value * 256 + byte, 0);
  }

  ascii(count: number): string {
    return String.fromCharCode(...this.take(count));
  }

  readInit(): void {
    [this.width, this.height] = [this.number(2), this.number(2)];
    this.picture = new Uint32Array(this.width * this.height);
    this.take(16);
    this.name = this.ascii(this.number(4));
  }

  setEncodings(...encodings: readonly number[]): void {
    const message = new ByteOutput().u8(2).u8(0).u16(encodings.length);
    for (const encoding of encodings) message.u32(encoding >>> 0);
    this.#send(message.bytes());
  }

  request(incremental: boolean, x = 0, y = 0, width = this.width, height = this.height): void {
    this.#send(
      new ByteOutput()
        .u8(3)
        .u8(incremental ? 1 : 0)
        .u16(x)
        .u16(y)
        .u16(width)
        .u16(height)
        .bytes(),
    );
  }

  /** Reads a whole update into the picture. */
  readUpdate(): void {
    if (this.number(1) !== 0) throw new Error('This is no update.');
    this.take(1);
    this.rectangles = [];
    for (let left = this.number(2); left > 0; left -= 1) this.#readRectangle();
  }

  #readRectangle(): void {
    const [x, y, width, height] = [this.number(2), this.number(2), this.number(2), this.number(2)];
    const encoding = this.number(4) | 0;
    this.rectangles.push({ encoding, x, y, width, height });
    if (encoding === 0) this.#tile(x, y, width, height, () => this.#pixel());
    else if (encoding === 5) this.#hextile(x, y, width, height);
    else if (encoding === 16) this.#zrle(x, y, width, height);
    else if (encoding === -223) {
      [this.width, this.height] = [width, height];
      this.picture = new Uint32Array(width * height);
    } else if (encoding !== -239 && encoding !== -257 && encoding !== -258) throw new Error(`Encoding ${encoding}?`);
  }

  #tile(x: number, y: number, width: number, height: number, next: () => number): void {
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) this.picture[(y + row) * this.width + x + column] = next();
    }
  }

  #fill(x: number, y: number, width: number, height: number, colour: number): void {
    this.#tile(x, y, width, height, () => colour);
  }

  #pixel(from: TestViewer | ByteReader = this, bytes = this.bytes): number {
    const raw = from.take(bytes);
    const value = (this.bigEndian ? raw : raw.toReversed()).reduce((sum, byte) => sum * 256 + byte, 0);
    if (this.bytes !== 2) return value & 0xff_ffff;
    const widen = (part: number, maximum: number): number => Math.round((part * 255) / maximum);
    return (widen(value >> 11, 31) << 16) | (widen((value >> 5) & 63, 63) << 8) | widen(value & 31, 31);
  }

  #hextile(left: number, top: number, width: number, height: number): void {
    let background = 0;
    let foreground = 0;
    for (let y = top; y < top + height; y += 16) {
      for (let x = left; x < left + width; x += 16) {
        const [wide, tall] = [Math.min(16, left + width - x), Math.min(16, top + height - y)];
        const mask = this.number(1);
        if ((mask & 1) !== 0) {
          this.#tile(x, y, wide, tall, () => this.#pixel());
          continue;
        }
        if ((mask & 2) !== 0) background = this.#pixel();
        if ((mask & 4) !== 0) foreground = this.#pixel();
        this.#fill(x, y, wide, tall, background);
        for (let count = (mask & 8) !== 0 ? this.number(1) : 0; count > 0; count -= 1) {
          const colour = (mask & 16) !== 0 ? this.#pixel() : foreground;
          const [place, size] = [this.number(1), this.number(1)];
          this.#fill(x + (place >> 4), y + (place & 15), (size >> 4) + 1, (size & 15) + 1, colour);
        }
      }
    }
  }

  #zrle(left: number, top: number, width: number, height: number): void {
    const from = new ByteReader(this.#inflate(this.take(this.number(4))));
    const pixel = (): number => this.#pixel(from, this.bytes === 4 ? 3 : this.bytes);
    for (let y = top; y < top + height; y += 64) {
      for (let x = left; x < left + width; x += 64) {
        const [wide, tall] = [Math.min(64, left + width - x), Math.min(64, top + height - y)];
        const kind = from.number();
        if (kind === 0) this.#tile(x, y, wide, tall, pixel);
        else if (kind === 1) this.#fill(x, y, wide, tall, pixel());
        else if (kind === 128) this.#runs(from, x, y, wide, tall, pixel);
        else if (kind <= 16) this.#packed(from, x, y, wide, tall, Array.from({ length: kind }, pixel));
        else throw new Error(`A ZRLE tile of kind ${kind}?`);
      }
    }
    if (from.left > 0) throw new Error(`${from.left} bytes follow the last ZRLE tile.`);
  }

  #runs(from: ByteReader, x: number, y: number, width: number, height: number, pixel: () => number): void {
    let left = 0;
    let colour = 0;
    this.#tile(x, y, width, height, () => {
      if (left === 0) {
        colour = pixel();
        left = 1;
        let more = 255;
        while (more === 255) {
          more = from.number();
          left += more;
        }
      }
      left -= 1;
      return colour;
    });
  }

  #packed(from: ByteReader, x: number, y: number, width: number, height: number, palette: readonly number[]): void {
    const bits = palette.length === 2 ? 1 : palette.length <= 4 ? 2 : 4;
    for (let row = 0; row < height; row += 1) {
      let byte = 0;
      for (let column = 0; column < width; column += 1) {
        const shift = (column * bits) % 8;
        if (shift === 0) byte = from.number();
        const index = (byte >> (8 - bits - shift)) & ((1 << bits) - 1);
        this.picture[(y + row) * this.width + x + column] = palette[index] as number;
      }
    }
  }
}

class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Uint8Array {
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  number(): number {
    return this.take(1)[0] as number;
  }
}
