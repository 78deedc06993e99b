// Options of a command, declared once: parsing and help text both come from the table.

import { parseDuration, parseSize } from '../../base/quantities.ts';

/** An option of a command. `T` is the type of its value. */
export interface Option<T> {
  /** What its value is called in help text; absent for an option that takes none. */
  readonly placeholder?: string;
  readonly summary: string;
  /** The value of a written one; undefined when it is not one. */
  readonly parse: (text: string) => T | undefined;
  /** Completes "--memory takes …". */
  readonly expects: string;
  /** The value when the option is not given, as it would be written. */
  readonly preset?: string;
  readonly repeatable?: true;
}

/** Options by name, without the leading dashes. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What is parsed by a table: a list for a repeatable option; undefined for one not given and without a preset. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T>
    ? Table[Name] extends { readonly repeatable: true }
      ? readonly T[]
      : Table[Name] extends { readonly preset: string }
        ? T
        : T | undefined
    : never;
};

/** An option that takes any text, such as a file name. */
export const text = (placeholder: string, summary: string) => ({
  placeholder,
  summary,
  parse: (value: string): string => value,
  expects: 'a value',
});

/** A size in bytes. */
export const size = (summary: string) => ({
  placeholder: 'SIZE',
  summary,
  parse: parseSize,
  expects: 'a size with its unit, such as 512M or 2G',
});

/** A duration in milliseconds. */
export const duration = (summary: string) => ({
  placeholder: 'TIME',
  summary,
  parse: parseDuration,
  expects: 'a time, such as 500ms, 60s or 5m',
});

/** An address, decimal or with 0x hexadecimal. */
export const address = (summary: string, example = '0x7c00') => ({
  placeholder: 'ADDRESS',
  summary,
  parse: (value: string): bigint | undefined => {
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(value)) return undefined;
    const number = BigInt(value);
    return number < 1n << 64n ? number : undefined;
  },
  expects: `an address of 64 bits, such as ${example}`,
});

/** One of a few words. */
export const choice = <const Word extends string>(words: readonly Word[], summary: string) => ({
  placeholder: words.join('|'),
  summary,
  parse: (value: string): Word | undefined => words.find((word) => word === value),
  expects: words.length === 1 ? `the word ${words[0]}` : `one of ${words.join(', ')}`,
});

/** An option without a value: true when it is given. */
export const flag = (summary: string) => ({ summary, parse: (): true => true, expects: 'no value' });

/** The same option with a value for when it is not given. */
export const withPreset = <O extends Option<unknown>, const P extends string>(option: O, preset: P) => ({
  ...option,
  preset,
});

/** The same option, to be given any number of times. */
export const repeatable = <O extends Option<unknown>>(option: O) => ({ ...option, repeatable: true as const });
