import { DELIVERY } from './interrupt-message.ts';
import type { InterruptMessage } from './interrupt-message.ts';
import type { LocalApic } from './local-apic.ts';

/** ESR bits (SDM vol. 3, 12.5.3). */
export const APIC_ERROR = { sendIllegalVector: 0x20, receiveIllegalVector: 0x40, illegalRegister: 0x80 } as const;

/** Destination shorthands: ICR bits 18 and 19. */
const SHORTHAND = { none: 0, self: 1, all: 2, others: 3 } as const;

/** Sends what an ICR value says (SDM vol. 3, 12.6.1). `destination` has 8 bits, or 32 in x2APIC mode. */
export const sendCommand = (apic: LocalApic, command: number, destination: number): void => {
  const message: InterruptMessage = {
    destination,
    logical: (command & 0x800) !== 0,
    delivery: (command >> 8) & 7,
    vector: command & 0xff,
    levelTriggered: false,
    assert: (command & 0x8000) === 0 || (command & 0x4000) !== 0,
  };
  if (message.vector < 16 && message.delivery <= DELIVERY.lowestPriority) {
    apic.recordError(APIC_ERROR.sendIllegalVector);
    return;
  }
  const { bus } = apic.options;
  switch ((command >> 18) & 3) {
    case SHORTHAND.none:
      bus.deliver(message);
      break;
    case SHORTHAND.self:
      // The self shorthand takes fixed interrupts alone.
      if (message.delivery === DELIVERY.fixed) apic.accept(message);
      break;
    case SHORTHAND.all:
      bus.broadcast(message);
      break;
    default:
      bus.broadcast(message, apic);
  }
};
