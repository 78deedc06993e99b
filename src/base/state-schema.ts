import { StateError } from './errors.ts';
import { record } from './state-field.ts';
import type { Fields, PlainData, RecordOf } from './state-field.ts';

/** A device's state as plain data, fit for JSON, with the name and version of the schema that wrote it. */
export interface SavedState {
  readonly name: string;
  readonly version: number;
  readonly fields: { readonly [key: string]: PlainData };
}

/** Turns the fields of an older version into those of the next. */
export type Upgrade = (fields: { readonly [key: string]: PlainData }) => { readonly [key: string]: PlainData };

/** What tracing and the documentation read. */
export interface StateSchema {
  readonly name: string;
  readonly version: number;
  readonly fields: Fields;
}

export interface TypedStateSchema<F extends Fields> extends StateSchema {
  readonly fields: F;
  /** A state in which every field has its value after power-on. */
  initial(): RecordOf<F>;
  encode(state: RecordOf<F>): SavedState;
  /** Checks every field. Throws `StateError` with the path of the first one that does not fit. */
  decode(saved: SavedState): RecordOf<F>;
}

/** The type of a device's state object, from its schema. */
export type StateOf<S> = S extends TypedStateSchema<infer F> ? RecordOf<F> : never;

export interface StateDefinition<F extends Fields> {
  readonly name: string;
  /** Counts up from 1 whenever a field is added, removed or changes its meaning. */
  readonly version: number;
  readonly fields: F;
  /** `upgrades[n]` turns the fields of version n into those of version n + 1. */
  readonly upgrades?: Readonly<Record<number, Upgrade>>;
}

/** Declares the state of a device. Snapshot, migration, tracing and its documentation derive from it. */
export const defineState = <F extends Fields>(definition: StateDefinition<F>): TypedStateSchema<F> => {
  const { name, version, fields, upgrades = {} } = definition;
  const whole = record(name, fields);
  return {
    name,
    version,
    fields,
    initial: () => whole.initial(),
    encode: (state) => ({ name, version, fields: whole.encode(state) as SavedState['fields'] }),
    decode(saved) {
      if (saved.name !== name) throw new StateError(`The saved state is of '${saved.name}', not of '${name}'.`);
      let current = saved.fields;
      for (let from = saved.version; from !== version; from += 1) {
        const upgrade = upgrades[from];
        if (upgrade === undefined) {
          throw new StateError(
            `The saved state of '${name}' has version ${saved.version}; this Lodge reads version ${version}.`,
          );
        }
        current = upgrade(current);
      }
      try {
        return whole.decode(current);
      } catch (error) {
        throw new StateError(`The saved state of '${name}' is damaged at ${(error as Error).message}.`);
      }
    },
  };
};
