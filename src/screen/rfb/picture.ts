/** A part of the screen in a client's pixels, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
}

/** Calls `draw` for each tile of `size` by `size` pixels, or what is left of it at the right and at the bottom. */
export const forEachTile = (picture: Picture, size: number, draw: (tile: Picture) => void): void => {
  const { width, height, pixels } = picture;
  for (let y = 0; y < height; y += size) {
    for (let x = 0; x < width; x += size) {
      const wide = Math.min(size, width - x);
      const tall = Math.min(size, height - y);
      const tile = new Uint32Array(wide * tall);
      for (let row = 0; row < tall; row += 1) {
        const start = (y + row) * width + x;
        tile.set(pixels.subarray(start, start + wide), row * wide);
      }
      draw({ width: wide, height: tall, pixels: tile });
    }
  }
};

/** How often each colour occurs, if there are at most `limit` colours. */
export const countColours = (pixels: Uint32Array, limit: number): Map<number, number> | undefined => {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length;) {
    const colour = pixels[at] as number;
    const start = at;
    while (at < pixels.length && pixels[at] === colour) at += 1;
    counts.set(colour, (counts.get(colour) ?? 0) + at - start);
    if (counts.size > limit) return undefined;
  }
  return counts;
};
