import type { Thresholds } from '../translate/region/thresholds.ts';

/**
 * What runs a guest's code: the interpreter alone; the translator wherever it can, from the first execution on; or `auto`, the
 * interpreter for cold and the translator for hot code.
 */
export type EngineName = 'interpreter' | 'translator' | 'auto';

/** When blocks are translated; null: never. */
export const translationThresholds: Readonly<Record<EngineName, Thresholds | null>> = {
  interpreter: null,
  translator: { hot: 1, busy: 16 },
  auto: { hot: 4096, busy: 131_072 },
};
