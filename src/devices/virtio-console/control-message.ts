/** Bytes of a control message without a name (virtio 1.2, 5.3.6.2). */
export const CONTROL_LENGTH = 8;

export const EVENT = { deviceReady: 0, portAdd: 1, portReady: 3, isConsole: 4, portOpen: 6, portName: 7 } as const;

export interface ControlMessage {
  readonly port: number;
  /** One of `EVENT`, or something that the guest made up. */
  readonly event: number;
  readonly value: number;
}

/** Undefined when the bytes are too few. */
export function readControl(bytes: Uint8Array): ControlMessage | undefined {
  if (bytes.length < CONTROL_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { port: view.getUint32(0, true), event: view.getUint16(4, true), value: view.getUint16(6, true) };
}

export function writeControl({ port, event, value }: ControlMessage, name = ''): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(CONTROL_LENGTH + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, port, true);
  view.setUint16(4, event, true);
  view.setUint16(6, value, true);
  bytes.set(text, CONTROL_LENGTH);
  return bytes;
}
