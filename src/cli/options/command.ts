import type { OptionTable, OptionValues } from './option-table.ts';

/** What was given to a command. */
export interface Arguments<Table extends OptionTable> {
  readonly options: OptionValues<Table>;
  readonly positional: readonly string[];
  /** What follows `--`; undefined when there is no `--`. */
  readonly rest: readonly string[] | undefined;
}

/** What a command is called with, described for parsing and for its help. */
export interface CommandSyntax<Table extends OptionTable = OptionTable> {
  /** As it is typed, such as `lodge run`. */
  readonly name: string;
  readonly summary: string;
  /** Ways to call it, without the name. */
  readonly usage: readonly string[];
  readonly options: Table;
  /** The most positional arguments that it takes. */
  readonly positionals: number;
  /** Whether `--` and more may follow. */
  readonly takesRest?: boolean;
  /** Paragraphs below the options in its help. */
  readonly notes?: readonly string[];
}
