/** Little-endian bytes as ACPI tables are made of, appended one after the other. */
export class TableWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value, value >>> 8);
  }

  u32(value: number): this {
    return this.u16(value & 0xffff).u16(value >>> 16);
  }

  /** An unsigned number below 2^53 as 8 bytes. */
  u64(value: number): this {
    return this.u32(value >>> 0).u32(Math.floor(value / 0x1_0000_0000));
  }

  /** ASCII, padded with spaces to `length`. */
  text(value: string, length: number): this {
    for (const character of value.padEnd(length).slice(0, length)) this.u8(character.charCodeAt(0));
    return this;
  }

  zeros(count: number): this {
    for (let n = 0; n < count; n += 1) this.u8(0);
    return this;
  }

  append(bytes: Uint8Array): this {
    return this.u8(...bytes);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** The byte that makes `bytes` sum to 0 modulo 256. */
export const checksumOf = (bytes: Uint8Array): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

const HEADER_LENGTH = 36;

/** A system description table: the header with its checksum, and `body` after it (ACPI 6.5, 5.2.6). */
export const systemTable = (signature: string, revision: number, body: Uint8Array): Uint8Array => {
  const table = new TableWriter()
    .text(signature, 4)
    .u32(HEADER_LENGTH + body.length)
    .u8(revision, 0)
    .text('LODGE', 6)
    .text('LODGEPC', 8)
    .u32(1)
    .text('LDGE', 4)
    .u32(1)
    .append(body)
    .bytes();
  table[9] = checksumOf(table);
  return table;
};

/** A generic address structure (ACPI 6.5, 5.2.3.2). `space` is 0 for memory, 1 for I/O; `accessSize` is 1 to 4 for 1 to 8 bytes. */
export const genericAddress = (space: 0 | 1, bits: number, accessSize: number, address: number): Uint8Array =>
  new TableWriter().u8(space, bits, 0, accessSize).u64(address).bytes();
