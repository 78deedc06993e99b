/** What an image says contradicts itself or the format. `what` completes "the image is corrupt: ". */
export class CorruptImageError extends Error {
  override readonly name = 'CorruptImageError';

  constructor(what: string) {
    super(`the image is corrupt: ${what}`);
  }
}
