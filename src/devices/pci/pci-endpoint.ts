import type { Board } from '../../base/board.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { MmioSize } from '../../base/mmio.ts';
import { BaseAddressClaim } from './base-address.ts';
import type { PciRange } from './base-address.ts';
import { ConfigurationSpace } from './configuration-space.ts';
import type { PciFunction, PciIdentity } from './configuration-space.ts';
import { pciInterrupt } from './pci-layout.ts';

/** Offsets in a type 0 header (PCI Local Bus Specification 3.0, 6.1). */
const HEADER = { command: 0x04, status: 0x06, bars: 0x10, capabilities: 0x34, line: 0x3c, pin: 0x3d } as const;
const COMMAND = { ports: 0x0001, memory: 0x0002, busMaster: 0x0004, interruptDisable: 0x0400 } as const;
/** Memory write and invalidate, parity and SERR are kept, though they mean nothing here. */
const COMMAND_WRITABLE = 0x0557;
const STATUS = { interrupt: 0x08, capabilities: 0x10 } as const;
const FIRST_CAPABILITY = 0x40;

export interface PciEndpointOptions {
  /** Whose registers they are, for messages. */
  readonly owner: string;
  /** 0 to 31: decides which wire the interrupt pin is on. */
  readonly slot: number;
  readonly identity: PciIdentity;
  readonly ranges?: readonly PciRange[];
  /** The interrupt pin: 0 for INTA to 3 for INTD. Absent: the function has none. */
  readonly pin?: number;
  /** Called when software may have turned bus mastering, or the interrupt pin, on or off. */
  readonly onCommand?: () => void;
}

/** A capability of a function (PCI Local Bus Specification 3.0, 6.7). */
export interface PciCapability {
  /** Its ID; the offset of the next one is added. */
  readonly id: number;
  /** What follows the two bytes of ID and next pointer. */
  readonly body: Uint8Array;
  /** Bits of `body` that software may write; none when absent. */
  readonly writable?: Uint8Array;
  /** Looks at, and may change, what software reads from or wrote to the capability. Offsets count from the ID. */
  readonly onRead?: (offset: number, size: MmioSize) => void;
  readonly onWrite?: (offset: number, size: MmioSize) => void;
}

/** A PCI function with a type 0 header: its base address registers, interrupt pin and capabilities. */
export class PciEndpoint implements PciFunction {
  readonly space: ConfigurationSpace;
  readonly #claims: readonly BaseAddressClaim[];
  readonly #line: InterruptLine | undefined;
  readonly #options: PciEndpointOptions;
  readonly #capabilities: { readonly at: number; readonly capability: PciCapability }[] = [];
  #nextCapability = FIRST_CAPABILITY;
  #lastPointer: number = HEADER.capabilities;
  #afterReset: Uint8Array | undefined;
  #asserted = false;

  constructor(board: Board, options: PciEndpointOptions) {
    const { owner, identity, ranges = [], pin, slot } = options;
    this.#options = options;
    this.space = new ConfigurationSpace(identity);
    this.#claims = ranges.map((range) => new BaseAddressClaim(board, owner, range));
    this.space.allowWrites(HEADER.command, 2, COMMAND_WRITABLE);
    this.space.allowWrites(0x0c, 2, 0xff);
    this.space.allowWrites(HEADER.line, 1, 0xff);
    for (const range of ranges) this.#declareRange(range);
    if (pin === undefined) return;
    this.space.set(HEADER.pin, 1, pin + 1);
    this.#line = board.interruptLine(pciInterrupt(slot, pin));
  }

  /** Adds a capability to the list and returns its offset. Only before the board runs. */
  addCapability(capability: PciCapability): number {
    const { id, body, writable } = capability;
    const at = this.#nextCapability;
    this.space.set(at, 1, id);
    this.space.bytes.set(body, at + 2);
    writable?.forEach((mask, index) => this.space.allowWrites(at + 2 + index, 1, mask));
    this.space.set(this.#lastPointer, 1, at);
    this.space.set(HEADER.status, 2, STATUS.capabilities);
    this.#lastPointer = at + 1;
    this.#nextCapability = (at + 2 + body.length + 3) & ~3;
    this.#capabilities.push({ at, capability });
    return at;
  }

  /** Whether the function may read and write guest memory, and send messages. */
  get isBusMaster(): boolean {
    return (this.#command & COMMAND.busMaster) !== 0;
  }

  /** Asks for an interrupt by the pin, or no longer; software may have disabled the pin. */
  setInterrupt(asserted: boolean): void {
    this.#asserted = asserted;
    const status = this.space.bytes[HEADER.status] as number;
    this.space.set(HEADER.status, 1, asserted ? status | STATUS.interrupt : status & ~STATUS.interrupt);
    this.#line?.setLevel(asserted && (this.#command & COMMAND.interruptDisable) === 0);
  }

  readConfiguration(offset: number, size: MmioSize): number {
    this.#capabilityAt(offset)?.(({ onRead }, at) => onRead?.(at, size));
    return this.space.readConfiguration(offset, size);
  }

  writeConfiguration(offset: number, size: MmioSize, value: number): void {
    // What the function is after power-on is what it is before anyone has written to it.
    this.#afterReset ??= this.space.bytes.slice();
    this.space.writeConfiguration(offset, size, value);
    if (offset < FIRST_CAPABILITY) this.#update();
    this.#capabilityAt(offset)?.(({ onWrite }, at) => onWrite?.(at, size));
  }

  reset(): void {
    if (this.#afterReset !== undefined) this.space.bytes.set(this.#afterReset);
    this.#update();
  }

  /** Takes the 256 bytes of a saved configuration space. */
  restore(bytes: Uint8Array): void {
    this.#afterReset ??= this.space.bytes.slice();
    this.space.bytes.set(bytes);
    this.#asserted = ((this.space.bytes[HEADER.status] as number) & STATUS.interrupt) !== 0;
    this.#update();
  }

  dispose(): void {
    for (const claim of this.#claims) claim.place(undefined);
    this.#line?.setLevel(false);
  }

  get #command(): number {
    return this.space.readConfiguration(HEADER.command, 2);
  }

  #declareRange(range: PciRange): void {
    const at = HEADER.bars + range.register * 4;
    if (range.kind === 'ports') {
      this.space.set(at, 4, 1);
      this.space.allowWrites(at, 4, ~(range.length - 1) & 0xffff_fffc);
      return;
    }
    this.space.set(at, 4, (range.is64Bit ? 4 : 0) | (range.isPrefetchable ? 8 : 0));
    this.space.allowWrites(at, 4, ~(range.length - 1) & 0xffff_fff0);
    if (range.is64Bit) this.space.allowWrites(at + 4, 4, 0xffff_ffff);
  }

  /** Brings everything in line with what the header says now. */
  #update(): void {
    const command = this.#command;
    for (const claim of this.#claims) {
      const enabled = (command & (claim.range.kind === 'memory' ? COMMAND.memory : COMMAND.ports)) !== 0;
      claim.place(enabled ? this.#addressOf(claim.range) : undefined);
    }
    this.setInterrupt(this.#asserted);
    this.#options.onCommand?.();
  }

  /** Undefined for a register that was never given an address. */
  #addressOf(range: PciRange): bigint | undefined {
    const at = HEADER.bars + range.register * 4;
    const low = this.space.readConfiguration(at, 4);
    if (range.kind === 'ports') {
      const port = low & ~3;
      return port <= 0 || port > 0xffff ? undefined : BigInt(port);
    }
    const high = range.is64Bit ? this.space.readConfiguration(at + 4, 4) : 0;
    const address = (BigInt(high) << 32n) | BigInt((low & ~15) >>> 0);
    return address === 0n ? undefined : address;
  }

  #capabilityAt(offset: number): ((use: (capability: PciCapability, at: number) => void) => void) | undefined {
    const found = this.#capabilities.find(
      ({ at, capability }) => offset >= at && offset < at + 2 + capability.body.length,
    );
    return found && ((use) => use(found.capability, offset - found.at));
  }
}
