// Transcendental functions in bigint fixed point, slow and plain: the reference for accuracy.

/** Fraction bits of every fixed-point number here. */
export const fractionBits = 400n;
export const one = 1n << fractionBits;

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> fractionBits;

/** Sums terms until they vanish. */
function sum(
  first: bigint,
  next: (term: bigint, index: bigint) => bigint,
  weigh = (term: bigint, _index: bigint) => term,
): bigint {
  let total = 0n;
  let term = first;
  for (let index = 0n; term !== 0n && term !== -1n; index++) {
    total += weigh(term, index);
    term = next(term, index);
  }
  return total;
}

/** The processors' pi of 66 bits (SDM volume 1, 8.3.8). */
export const processorPi = 0x3243f6a8885a308d3n << (fractionBits - 64n);

/** The sine of an angle within a turn. */
function sineOfSmall(angle: bigint): bigint {
  const square = multiply(angle, angle);
  return sum(angle, (term, k) => -multiply(term, square) / ((2n * k + 2n) * (2n * k + 3n)));
}

/** The cosine of an angle within a turn. */
function cosineOfSmall(angle: bigint): bigint {
  const square = multiply(angle, angle);
  return sum(one, (term, k) => -multiply(term, square) / ((2n * k + 1n) * (2n * k + 2n)));
}

/** The sine of the angle that is so many quarter turns on, a quarter turn being half of the processors' pi. */
function sineAfter(angle: bigint, quarters: bigint): bigint {
  const quarter = processorPi / 2n;
  // To the nearest quarter, as the processors do: with their pi it makes a difference which one.
  const turns = (2n * angle + (angle < 0n ? -quarter : quarter)) / (2n * quarter);
  const rest = angle - turns * quarter;
  switch ((((turns + quarters) % 4n) + 4n) % 4n) {
    case 0n:
      return sineOfSmall(rest);
    case 1n:
      return cosineOfSmall(rest);
    case 2n:
      return -sineOfSmall(rest);
    default:
      return -cosineOfSmall(rest);
  }
}

/** The sine of an angle as the processors define it. */
export function sine(angle: bigint): bigint {
  return sineAfter(angle, 0n);
}

/** The cosine of an angle as the processors define it. */
export function cosine(angle: bigint): bigint {
  return sineAfter(angle, 1n);
}

/** e^x - 1. */
export function exponentialMinus1(x: bigint): bigint {
  return sum(x, (term, k) => multiply(term, x) / (k + 2n));
}

/** The inverse hyperbolic tangent of numerator / denominator, below 1. */
function inverseHyperbolicTangent(numerator: bigint, denominator: bigint): bigint {
  const x = (numerator << fractionBits) / denominator;
  const square = multiply(x, x);
  return sum(
    x,
    (term) => multiply(term, square),
    (term, k) => term / (2n * k + 1n),
  );
}

/** ln 2. */
export const ln2 = 2n * inverseHyperbolicTangent(1n, 3n);

/** The binary logarithm of 1 + x, given as x so that small ones keep their digits. */
export function log2OfOnePlus(x: bigint): bigint {
  let shift = 0n;
  let value = one + x;
  while (value > (one * 3n) / 2n) {
    value >>= 1n;
    shift++;
  }
  while (value < (one * 3n) / 4n) {
    value <<= 1n;
    shift--;
  }
  const excess = shift === 0n ? x : value - one;
  return ((2n * inverseHyperbolicTangent(excess, 2n * one + excess)) << fractionBits) / ln2 + (shift << fractionBits);
}

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** The arctangent of y / x, both positive. */
function arctangentOfQuotient(y: bigint, x: bigint): bigint {
  // atan q = 2 atan(q / (1 + sqrt(1 + q^2))), twice for faster convergence.
  let quotient = (y << fractionBits) / x;
  for (let step = 0; step < 4; step++) {
    const root = squareRoot((one + multiply(quotient, quotient)) << fractionBits);
    quotient = (quotient << fractionBits) / (one + root);
  }
  const square = multiply(quotient, quotient);
  const series = sum(
    quotient,
    (term) => -multiply(term, square),
    (term, k) => term / (2n * k + 1n),
  );
  return 16n * series;
}

/** The arctangent of y / x in the quadrant of (x, y), neither zero. */
export function arctangent2(y: bigint, x: bigint): bigint {
  const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
  const acute = arctangentOfQuotient(magnitude(y), magnitude(x));
  const angle = x < 0n ? 4n * arctangentOfQuotient(1n, 1n) - acute : acute;
  return y < 0n ? -angle : angle;
}
