// Where the bits of RDRAND and RDSEED come from.

/** 32 random bits of the host, fit for keys. */
export function hostRandomWord(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/**
 * Makes a source whose bits are the same in every run, for domains whose clock counts instructions. It is SplitMix with
 * words of 32 bits: evenly distributed, but whoever sees one word knows them all.
 */
export function repeatableRandomWords(): () => number {
  let state = 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return (word ^ (word >>> 16)) >>> 0;
  };
}

/** Fills an array with the bytes of words that `randomWord` gives, 32 bits each. */
export function fillRandomly(bytes: Uint8Array, randomWord: () => number): void {
  for (let index = 0; index < bytes.length; index += 4) {
    const word = randomWord();
    for (let byte = 0; byte < 4 && index + byte < bytes.length; byte += 1) bytes[index + byte] = word >>> (byte * 8);
  }
}
