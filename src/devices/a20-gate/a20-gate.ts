/** Who drives the gate of address line 20: the keyboard controller's output port and port 0x92. */
export type A20Source = 'i8042' | 'port92';

/** Address line 20 is open while either source opens it. It is open after power-on, as firmware leaves it. */
export class A20Gate {
  readonly #open = new Set<A20Source>(['i8042']);
  readonly #onChange: (open: boolean) => void;

  /** `onChange` is told when the gate opens or closes. */
  constructor(onChange: (open: boolean) => void = () => {}) {
    this.#onChange = onChange;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  set(source: A20Source, open: boolean): void {
    const before = this.isOpen;
    if (open) this.#open.add(source);
    else this.#open.delete(source);
    if (this.isOpen !== before) this.#onChange(this.isOpen);
  }
}
