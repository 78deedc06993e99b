/** Draws pixels of `depth` bits (8 to 32) that lie one after the other from byte `from` on, as 0xFFBBGGRR. */
export const drawLinear = (
  bytes: Uint8Array,
  from: number,
  depth: number,
  colours: Uint32Array,
  into: Uint32Array,
): void => {
  const width = into.length;
  const byte = (at: number): number => bytes[at] ?? 0;
  switch (depth) {
    case 8:
      for (let x = 0; x < width; x += 1) into[x] = colours[byte(from + x)] as number;
      break;
    case 15:
      for (let x = 0; x < width; x += 1) {
        const pixel = byte(from + x * 2) | (byte(from + x * 2 + 1) << 8);
        into[x] = opaque(widen5(pixel >> 10), widen5(pixel >> 5), widen5(pixel));
      }
      break;
    case 16:
      for (let x = 0; x < width; x += 1) {
        const pixel = byte(from + x * 2) | (byte(from + x * 2 + 1) << 8);
        const green = (pixel >> 5) & 0x3f;
        into[x] = opaque(widen5(pixel >> 11), (green << 2) | (green >> 4), widen5(pixel));
      }
      break;
    default: {
      const size = depth >> 3;
      for (let x = 0; x < width; x += 1) {
        const at = from + x * size;
        into[x] = opaque(byte(at + 2), byte(at + 1), byte(at));
      }
    }
  }
};

const widen5 = (value: number): number => ((value & 31) << 3) | ((value & 31) >> 2);
const opaque = (red: number, green: number, blue: number): number => 0xff00_0000 | (blue << 16) | (green << 8) | red;
