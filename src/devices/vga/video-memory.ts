import type { MmioHandler } from '../../base/mmio.ts';
import { VIDEO_MEMORY } from './vga-state.ts';

/** Video memory is dirty in units of 2^10 bytes: a row of text or of pixels is a few of them. */
const DIRTY_SHIFT = 10;
const PLANE_2 = 0x00ff_0000;

/** Video memory as bytes, as words of four planes, and as a linear frame buffer; and what of it was written lately. */
export class VideoMemory {
  readonly bytes: Uint8Array;
  /** Word n has byte n of planes 0 to 3, plane 0 lowest. */
  readonly words: Uint32Array;
  readonly #view: DataView;
  readonly #dirty = new Uint8Array(VIDEO_MEMORY >> DIRTY_SHIFT);
  #isDirty = true;
  #isFontDirty = true;

  /** `bytes` is all of video memory, from the device's state. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The linear frame buffer: all of video memory. The bus keeps accesses inside. */
  readonly frameBuffer: MmioHandler = {
    read: (offset, size) => {
      if (size === 4) return this.#view.getUint32(offset, true);
      return size === 2 ? this.#view.getUint16(offset, true) : (this.bytes[offset] as number);
    },
    write: (offset, size, value) => {
      if (size === 4) this.#view.setUint32(offset, value, true);
      else if (size === 2) this.#view.setUint16(offset, value, true);
      else this.bytes[offset] = value;
      this.#dirty[offset >> DIRTY_SHIFT] = 1;
      this.#dirty[(offset + size - 1) >> DIRTY_SHIFT] = 1;
      this.#isDirty = true;
    },
    read8: (offset) => this.#view.getBigUint64(offset, true),
    write8: (offset, value) => {
      this.#view.setBigUint64(offset, value, true);
      this.#dirty[offset >> DIRTY_SHIFT] = 1;
      this.#dirty[(offset + 7) >> DIRTY_SHIFT] = 1;
      this.#isDirty = true;
    },
  };

  /** Replaces the bits of `mask` in a word of four planes. */
  writeWord(index: number, value: number, mask: number): void {
    this.words[index] = ((this.words[index] as number) & ~mask) | (value & mask);
    this.#dirty[(index * 4) >> DIRTY_SHIFT] = 1;
    this.#isDirty = true;
    if ((mask & PLANE_2) !== 0) this.#isFontDirty = true;
  }

  /** Everything has changed, as after a restore. */
  markAll(): void {
    this.#dirty.fill(1);
    this.#isDirty = true;
    this.#isFontDirty = true;
  }

  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Whether something that may be a font was written. */
  get isFontDirty(): boolean {
    return this.#isFontDirty;
  }

  /** Whether any of `length` bytes from `offset` on was written. Beyond the end of video memory nothing is. */
  wasWritten(offset: number, length: number): boolean {
    const last = (offset + length - 1) >> DIRTY_SHIFT;
    for (let unit = offset >> DIRTY_SHIFT; unit <= last; unit += 1) if (this.#dirty[unit] === 1) return true;
    return false;
  }

  /** What was written up to now has been drawn. */
  clearDirty(): void {
    if (this.#isDirty) this.#dirty.fill(0);
    this.#isDirty = false;
    this.#isFontDirty = false;
  }
}
