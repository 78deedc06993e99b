import { SECTOR_SIZE, type BlockBackend } from '../../base/block-backend.ts';
import type { Random } from './random.ts';

/** What a disk must hold: an array of bytes that the same requests are made of. */
export class DiskModel {
  readonly bytes: Uint8Array;
  readonly #random: Random;
  /** The most sectors in one request. */
  readonly #longest: number;

  constructor(random: Random, bytes: Uint8Array, longest = 64) {
    this.#random = random;
    this.bytes = bytes;
    this.#longest = longest;
  }

  /** Makes random requests, `width` at once on parts of the disk of their own, and compares. Throws where they differ. */
  async exercise(disk: BlockBackend, rounds: number, width = 4): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      const part = Math.floor(disk.size / SECTOR_SIZE / width);
      const shift = this.#random.below(part) * SECTOR_SIZE;
      const requests: Promise<void>[] = [];
      for (let index = 0; index < width; index += 1) {
        const first = index * part + this.#random.below(part);
        const count = 1 + this.#random.below(Math.min(this.#longest, (index + 1) * part - first));
        const offset = (first * SECTOR_SIZE + shift) % disk.size;
        const length = Math.min(count * SECTOR_SIZE, disk.size - offset);
        requests.push(this.#request(disk, offset, length));
      }
      await Promise.all(requests);
    }
    await this.compare(disk, 0, disk.size);
  }

  async compare(disk: BlockBackend, offset: number, length: number): Promise<void> {
    const found = new Uint8Array(length).fill(0xa5);
    await disk.read(offset, found);
    const expected = this.bytes.subarray(offset, offset + length);
    let wrong = 0;
    while (wrong < length && found[wrong] === expected[wrong]) wrong += 1;
    if (wrong < length) {
      throw new Error(
        `byte ${offset + wrong} is ${found[wrong]} and not ${expected[wrong]} (read ${offset}+${length})`,
      );
    }
  }

  async #request(disk: BlockBackend, offset: number, length: number): Promise<void> {
    const kind = this.#random.below(20);
    if (kind < 8) await this.compare(disk, offset, length);
    else if (kind < 16) {
      const data = this.#random.bytes(length);
      this.bytes.set(data, offset);
      await disk.write(offset, data);
    } else if (kind < 18) {
      this.bytes.fill(0, offset, offset + length);
      await disk.writeZeroes(offset, length, this.#random.chance(0.5));
    } else if (kind < 19) {
      await disk.discard(offset, length);
      await disk.read(offset, this.bytes.subarray(offset, offset + length));
    } else await disk.flush();
  }
}
