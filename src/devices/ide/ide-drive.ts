import type { BlockBackend } from '../../base/block-backend.ts';
import type { DriveNames } from './identify.ts';

/** What is at one end of a cable. */
export type IdeDrive =
  | { readonly kind: 'disk'; readonly backend: BlockBackend; readonly names: DriveNames }
  | {
      readonly kind: 'cdrom';
      /** Absent: the drive is empty. */
      readonly medium: BlockBackend | undefined;
      readonly names: DriveNames;
    };
