import type { GuestPhysical } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import type { BootModule, BootRequest } from './boot-plan.ts';
import { encodeCommandLine, LONGEST_COMMAND_LINE } from './command-line.ts';
import { formatBytes } from './format-bytes.ts';
import type { MemoryLayout } from './memory-layout.ts';
import { FOUR_GIB } from './memory-map.ts';

/** A module as the kernel is told of it. */
export interface PlacedModule {
  readonly address: GuestPhysical;
  readonly length: number;
  /** Its command line, ended by a zero byte; the empty string when it has none. */
  readonly commandLine: GuestPhysical;
}

/**
 * Places the initrd and then the modules of a request on whole pages below 4 GiB.
 *
 * @param lowest the first address to use, which is the end of the kernel.
 * @throws UserError when one does not fit, or its command line is too long.
 */
export function placeModules(layout: MemoryLayout, request: BootRequest, lowest: number): readonly PlacedModule[] {
  const initrd: readonly BootModule[] = request.initrd === undefined ? [] : [{ bytes: request.initrd }];
  return [...initrd, ...(request.modules ?? [])].map((module, index) => {
    const what = index < initrd.length ? 'initrd' : `module ${index - initrd.length + 1}`;
    const length = Math.max(module.bytes.length, 1);
    const address = layout.allocate({ length, lowest, end: FOUR_GIB, from: 'bottom' }, what);
    if (address === undefined) {
      throw new UserError(
        `The ${what} (${formatBytes(module.bytes.length)}) does not fit in guest memory beside the kernel; give the guest more with --memory.`,
      );
    }
    layout.place(address, module.bytes, what);
    const text = encodeCommandLine(module.commandLine ?? '', LONGEST_COMMAND_LINE, `command line of ${what}`);
    return {
      address,
      length: module.bytes.length,
      commandLine: layout.placeBootData(text, `command line of ${what}`),
    };
  });
}
