// What the command line needs of a domain. The one implementation is in create-domain.ts.

import type { BlockBackend } from '../../base/block-backend.ts';
import type { CharacterBackend } from '../../base/character-backend.ts';
import type { NetworkBackend } from '../../base/network-backend.ts';
import type { SharedFiles } from '../../base/shared-files.ts';
import type { EngineName } from '../../machine/engine-name.ts';
import type { Outcome } from '../../machine/outcome.ts';
import type { RegionDump } from '../../translate/region/dump-region.ts';

export interface DomainOptions {
  /** Guest memory, in bytes. */
  readonly memory: number;
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array | undefined;
  /** The kernel command line. */
  readonly append: string;
  readonly modules: readonly { readonly data: Uint8Array; readonly commandLine: string }[];
  readonly engine: EngineName;
  readonly clock: 'host' | 'instructions';
  /** Names of devices beyond those every board has. */
  readonly devices: readonly string[];
  readonly disks: readonly BlockBackend[];
  /** Directories of the host, with the tags by which the guest mounts them. */
  readonly shares: readonly { readonly tag: string; readonly files: SharedFiles }[];
  /** The cable of the network card, and the card's MAC address. */
  readonly network: { readonly backend: NetworkBackend; readonly address: Uint8Array } | undefined;
  /** Channels to programs in the guest, by name. */
  readonly channels?: readonly { readonly portName: string; readonly backend: CharacterBackend }[];
  /** Whether the statistics tell how many instructions retire in translated code. */
  readonly countEngines: boolean;
  readonly dumpRegion: RegionDump | undefined;
  /** The host's side of the serial ports COM1 to COM4; undefined for one that leads nowhere. */
  readonly serial: readonly (CharacterBackend | undefined)[];
}

export interface Domain {
  /** Runs the guest until it ends. Rejects with a UserError when it cannot be booted. */
  start(): Promise<Outcome>;
  /** Ends the guest soon; `start` resolves then. Calling it again, or before or after the guest runs, does nothing more. */
  stop(): void;
  /** What is written for `--stats`; numbers and objects of numbers by name. */
  statistics(): object;
}
