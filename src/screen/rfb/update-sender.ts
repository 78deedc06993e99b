import type { ByteStream } from '../../base/byte-stream.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Display, DisplaySize, Rectangle } from '../../base/display.ts';
import { ByteOutput } from './byte-output.ts';
import type { PixelFormat } from './pixel-format.ts';
import { UpdateEncoder, writeRectangle } from './update-encoder.ts';

/** Encodings that say something other than pixels, as the registry of the Internet Assigned Numbers Authority has them. */
const PSEUDO = {
  desktopSize: -223,
  cursor: -239,
  pointerMotion: -257,
  extendedKey: -258,
} as const;
/** Between two looks at the display while a client waits for news, in milliseconds. */
const INTERVAL = 33;
/** After an update, as many times what it took, so that the guest, which may be on the same thread, has the most of it. */
const PAUSE_FACTOR = 3;
/** No update is made while more than this waits for the network. */
const MOST_WAITING = 1 << 20;

/** Answers a client's requests for updates: at once when there is something new, else as soon as there is. */
export class UpdateSender implements Disposable {
  readonly #stream: ByteStream;
  readonly #display: Display;
  readonly #relative: boolean;
  readonly #now: () => number;
  readonly #encoder: UpdateEncoder;
  #encodings: ReadonlySet<number> = new Set();
  /** What the client was not told yet that it may do, or is to do. */
  #announcements: number[] = [];
  /** The size that the client knows. */
  #size: DisplaySize = { width: 0, height: 0 };
  /** The size that the display had last: another one than the client's when that cannot follow. */
  #shown: DisplaySize = this.#size;
  #seen = 0;
  #isWaiting = false;
  #isDisposed = false;
  /** Areas that the client wants whether they are new or not. */
  #wanted: Rectangle[] = [];
  #timer: unknown;

  /** `relative`: clients that can are to send movements of the pointer. `now` is the host's time in milliseconds. */
  constructor(stream: ByteStream, display: Display, relative: boolean, now: () => number) {
    this.#stream = stream;
    this.#display = display;
    this.#relative = relative;
    this.#now = now;
    this.#encoder = new UpdateEncoder(display);
  }

  /** Whether the client's pointer events are movements. */
  get sendsMovements(): boolean {
    return this.#relative && this.#encodings.has(PSEUDO.pointerMotion);
  }

  /** The client was told this size. */
  begin(size: DisplaySize): void {
    this.#size = size;
    this.#shown = size;
  }

  setFormat(format: PixelFormat): void {
    this.#encoder.setFormat(format);
  }

  setEncodings(encodings: readonly number[]): void {
    this.#encodings = new Set(encodings);
    this.#encoder.choose(encodings);
    const { extendedKey, pointerMotion, cursor } = PSEUDO;
    this.#announcements = [extendedKey, pointerMotion, cursor].filter((kind) => this.#encodings.has(kind));
  }

  /** The client asks for an update: of an area whatever it shows, or of what is new. */
  request(area: Rectangle | undefined): void {
    if (area !== undefined) {
      const clipped = clip(area, this.#size);
      // A client that asks without taking the answers gets the whole screen once.
      if (this.#wanted.length > 8) this.#wanted = [{ x: 0, y: 0, ...this.#size }];
      else if (clipped !== undefined) this.#wanted.push(clipped);
    }
    this.#isWaiting = true;
    if (this.#timer === undefined) this.#look();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#isDisposed || !this.#isWaiting) return;
    const start = this.#now();
    if (this.#stream.waiting < MOST_WAITING) this.#send();
    // After an update too, so that a client that asks at once is not served more often than the screen changes.
    this.#timer = setTimeout(() => this.#look(), Math.max(INTERVAL, (this.#now() - start) * PAUSE_FACTOR));
  }

  #send(): void {
    const version = this.#display.refresh();
    const { size } = this.#display;
    const isResized = !isSame(size, this.#size);
    const update = new ByteOutput();
    let count = 0;
    if (isResized && this.#encodings.has(PSEUDO.desktopSize)) {
      // What the client has shown so far is void (RFC 6143, 7.8.2); it asks for everything anew.
      this.begin(size);
      this.#seen = 0;
      this.#wanted = [];
      writeRectangle(update, { x: 0, y: 0, ...size }, PSEUDO.desktopSize);
      count = 1;
    } else {
      if (!isSame(size, this.#shown)) this.#wanted = [{ x: 0, y: 0, ...this.#size }];
      this.#shown = size;
      count += this.#announce(update);
      for (const area of this.#areas(version)) count += this.#encoder.encode(area, update);
    }
    if (count === 0) return;
    this.#isWaiting = false;
    // Rectangles are tiles of the display joined to each other: fewer than a count may say.
    this.#stream.write(new ByteOutput().u8(0).u8(0).u16(count).bytes());
    this.#stream.write(update.bytes());
  }

  /** What to send pixels of. */
  #areas(version: number): readonly Rectangle[] {
    const damage = this.#display.damageSince(this.#seen).flatMap((area) => clip(area, this.#size) ?? []);
    const wanted = this.#wanted;
    this.#seen = version;
    this.#wanted = [];
    return [...wanted, ...damage.filter((area) => !wanted.some((other) => contains(other, area)))];
  }

  /** Tells once what the server agrees to, each as a rectangle without pixels. */
  #announce(update: ByteOutput): number {
    const { length } = this.#announcements;
    for (const kind of this.#announcements) {
      // A pointer motion of 0 asks for movements, 1 for positions. A cursor of no size: the guest draws its own.
      const x = kind === PSEUDO.pointerMotion && !this.#relative ? 1 : 0;
      const { width, height } = kind === PSEUDO.cursor ? { width: 0, height: 0 } : this.#size;
      writeRectangle(update, { x, y: 0, width, height }, kind);
    }
    this.#announcements = [];
    return length;
  }
}

const isSame = (a: DisplaySize, b: DisplaySize): boolean => a.width === b.width && a.height === b.height;

/** The part of an area that is within a size, if there is any. */
const clip = ({ x, y, width, height }: Rectangle, size: DisplaySize): Rectangle | undefined => {
  const wide = Math.min(width, size.width - x);
  const tall = Math.min(height, size.height - y);
  return wide > 0 && tall > 0 ? { x, y, width: wide, height: tall } : undefined;
};

const contains = (outer: Rectangle, inner: Rectangle): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
