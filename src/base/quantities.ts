// Sizes and durations as a user writes them.

const SIZE = /^(\d+(?:\.\d+)?)([kmgt])(?:i?b)?$/i;
const SIZE_UNITS = ['k', 'm', 'g', 't'];
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Bytes in a size such as 512M or 1.5G (powers of 1024), at least 1; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  const [, count = '', unit = ''] = match;
  const bytes = Math.floor(Number(count) * 1024 ** (SIZE_UNITS.indexOf(unit.toLowerCase()) + 1));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Milliseconds in a duration such as 500ms, 60s, 5m or 2h, where a bare number is seconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const [, count = '', unit = 's'] = match;
  const milliseconds = Number(count) * (DURATION_UNITS[unit] ?? Number.NaN);
  return milliseconds > 0 && Number.isFinite(milliseconds) ? milliseconds : undefined;
}
