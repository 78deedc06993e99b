import type { InterruptMessage } from './interrupt-message.ts';

/** Memory writes to this MiB are interrupt messages (SDM vol. 3, 12.11.1). */
const MESSAGE_ADDRESS = 0xfee;

/**
 * The interrupt that a message-signalled interrupt stands for, from the address and data that software gave the device
 * (SDM vol. 3, 12.11); undefined when the address is none of the local APICs'.
 */
export const interruptOf = (address: bigint, data: number): InterruptMessage | undefined => {
  if (address >> 20n !== BigInt(MESSAGE_ADDRESS)) return undefined;
  const low = Number(address & 0xf_ffffn);
  return {
    destination: (low >>> 12) & 0xff,
    // The manual has the mode bit ignored without the redirection hint, but processors heed it, and Linux counts on that.
    logical: (low & 0b0100) !== 0,
    delivery: (data >>> 8) & 7,
    vector: data & 0xff,
    levelTriggered: (data & 0x8000) !== 0,
    assert: (data & 0x8000) === 0 || (data & 0x4000) !== 0,
  };
};
