/**
 * What runs a guest's code: the interpreter alone; the translator wherever it can, from the first execution on; or `auto`, the
 * interpreter for cold and the translator for hot code.
 */
export type EngineName = 'interpreter' | 'translator' | 'auto';

/** After how many executions a block is translated; a power of two. Null: never. */
export const executionsBeforeTranslation: Readonly<Record<EngineName, number | null>> = {
  interpreter: null,
  translator: 1,
  auto: 4096,
};
