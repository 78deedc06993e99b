import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { MmioHandler } from '../../base/mmio.ts';
import type { LocalApic } from './local-apic.ts';

const PAGE_LENGTH = 0x1000;

/** The register page, which shows each processor its own local APIC. */
export interface LocalApicPage extends Disposable {
  /** To be called when an APIC's `onPageChanged` is: maps the page where the bootstrap processor's APIC wants it. */
  update(): void;
}

/**
 * Maps the register page. `bootstrap` decides where it is, `running` is the APIC of the processor
 * whose access is being carried out. Registers are read 32 bits at a time at multiples of 16; narrower
 * accesses see the bytes of the register (SDM vol. 3, 12.4.1 leaves them undefined).
 */
export const createLocalApicPage = (board: Board, bootstrap: LocalApic, running: () => LocalApic): LocalApicPage => {
  const handler: MmioHandler = {
    read(offset) {
      if ((offset & 0xc) !== 0) return 0;
      return running().readPage(offset & ~3) >>> ((offset & 3) * 8);
    },
    write(offset, size, value) {
      if ((offset & 0xf) === 0 && size === 4) running().writePage(offset, value);
    },
  };
  let mapped = -1;
  let claim: Disposable | undefined;
  const update = (): void => {
    const { enabled, x2apic, baseAddress } = bootstrap.state;
    const wanted = enabled && !x2apic ? baseAddress : -1;
    if (wanted === mapped) return;
    claim?.dispose();
    claim = undefined;
    mapped = wanted;
    if (wanted < 0) return;
    try {
      claim = board.claimMmio({ owner: 'local-apic', base: guestPhysical(wanted), length: PAGE_LENGTH, handler });
    } catch {
      // The guest moved the page onto another device, which keeps its registers.
    }
  };
  update();
  return {
    update,
    dispose: () => claim?.dispose(),
  };
};
