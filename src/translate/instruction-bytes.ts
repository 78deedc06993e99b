// The bytes of one instruction, as a decoder reads them.

export const truncated = new (class Truncated extends Error {})();
export const tooLong = new (class TooLong extends Error {})();

/** Bytes of the longest instruction there may be. */
const LONGEST = 15;

/** A cursor over code that throws `truncated` at the end of what is at hand, and `tooLong` at the sixteenth byte. */
export class InstructionBytes {
  protected bytes: Uint8Array = new Uint8Array(0);
  protected start = 0;
  protected position = 0;
  protected end = 0;

  protected begin(bytes: Uint8Array, position: number, end: number): void {
    this.bytes = bytes;
    this.start = position;
    this.position = position;
    this.end = end;
  }

  protected byte(): number {
    const { position } = this;
    if (position - this.start >= LONGEST) throw tooLong;
    if (position >= this.end) throw truncated;
    this.position = position + 1;
    return this.bytes[position]!;
  }

  /** The byte that `byte` would read, left where it is. */
  protected nextByte(): number {
    if (this.position >= this.end) throw truncated;
    return this.bytes[this.position]!;
  }

  protected signedByte(): number {
    return (this.byte() << 24) >> 24;
  }

  protected word(): number {
    const low = this.byte();
    return low | (this.byte() << 8);
  }

  protected signedWord(): number {
    return (this.word() << 16) >> 16;
  }

  protected dword(): number {
    const low = this.word();
    return low | (this.word() << 16);
  }
}
