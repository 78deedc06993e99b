import { ECAM_ADDRESS, ECAM_LENGTH, PCI_WINDOW_LAST, pciInterrupt } from '../../pci/pci-layout.ts';
import { FW_CFG_PORT, FW_CFG_PORTS } from '../../fw-cfg/fw-cfg.ts';
import { ACPI_PORTS, SLEEP_TYPE_S5 } from '../acpi-ports.ts';
import { device, eisaId, integer, name, packageOf, scope, string } from './aml.ts';
import type { Aml } from './aml.ts';
import {
  busNumbers,
  fixedMemory,
  ioPorts,
  ioWindow,
  isaInterrupt,
  memoryWindow,
  resourceTemplate,
} from './resources.ts';
import type { Resource } from './resources.ts';
import { systemTable, TableWriter } from './table-writer.ts';

export interface DsdtOptions {
  readonly processors: number;
  /** First guest-physical address of the window for PCI devices, below 4 GiB. */
  readonly pciWindow: number;
  readonly mouse: boolean;
  /** How many serial ports there are, 0 to 4. */
  readonly serialPorts: number;
  /** Whether there is a firmware configuration device. */
  readonly firmwareConfiguration: boolean;
}

const PCI_SLOTS = 32;

/** The differentiated system description table: what the board has that cannot be found by looking. */
export const dsdt = (options: DsdtOptions): Uint8Array => {
  const content = new TableWriter()
    .append(name('\\_S5', packageOf([SLEEP_TYPE_S5, SLEEP_TYPE_S5, 0, 0].map(integer))))
    .append(scope('\\_SB', [pciRoot(options), ...systemDevices(options), ...processors(options.processors)]));
  return systemTable('DSDT', 2, content.bytes());
};

const plugAndPlay = (path: string, id: string, resources: readonly Resource[], unit?: number): Aml =>
  device(path, [
    name('_HID', eisaId(id)),
    ...(unit === undefined ? [] : [name('_UID', integer(unit))]),
    name('_CRS', resourceTemplate(resources)),
  ]);

const pciRoot = (options: DsdtOptions): Aml =>
  device('PCI0', [
    name('_HID', eisaId('PNP0A03')),
    name('_UID', integer(0)),
    name('_BBN', integer(0)),
    name(
      '_CRS',
      resourceTemplate([
        busNumbers(0, 0),
        ioPorts(0xcf8, 8),
        ioWindow(0x0000, 0x0cf7),
        ioWindow(0x0d00, 0xffff),
        memoryWindow(0x000a_0000, 0x000b_ffff),
        memoryWindow(options.pciWindow, ECAM_ADDRESS - 1),
        memoryWindow(ECAM_ADDRESS + ECAM_LENGTH, PCI_WINDOW_LAST),
      ]),
    ),
    name('_PRT', packageOf(pciRoutes())),
    ...isaDevices(options),
  ]);

/** Which interrupt each pin of each slot makes: address, pin, no link device, global system interrupt. */
const pciRoutes = (): readonly Aml[] =>
  Array.from({ length: (PCI_SLOTS - 1) * 4 }, (_, n) => {
    const slot = (n >> 2) + 1;
    const pin = n & 3;
    return packageOf([(slot << 16) | 0xffff, pin, 0, pciInterrupt(slot, pin)].map(integer));
  });

const SERIAL = [
  { port: 0x3f8, interrupt: 4 },
  { port: 0x2f8, interrupt: 3 },
  { port: 0x3e8, interrupt: 4 },
  { port: 0x2e8, interrupt: 3 },
] as const;

const isaDevices = (options: DsdtOptions): readonly Aml[] => [
  plugAndPlay('RTC', 'PNP0B00', [ioPorts(0x70, 2), isaInterrupt(8)]),
  plugAndPlay('KBD', 'PNP0303', [ioPorts(0x60, 1), ioPorts(0x64, 1), isaInterrupt(1)]),
  ...(options.mouse ? [plugAndPlay('MOU', 'PNP0F13', [isaInterrupt(12)])] : []),
  ...SERIAL.slice(0, options.serialPorts).map(({ port, interrupt }, n) =>
    plugAndPlay(`COM${n + 1}`, 'PNP0501', [ioPorts(port, 8), isaInterrupt(interrupt)], n + 1),
  ),
];

/** What the board itself uses, so that an operating system gives it to no device. */
const systemDevices = (options: DsdtOptions): readonly Aml[] => [
  plugAndPlay('HPET', 'PNP0103', [fixedMemory(0xfed0_0000, 0x400)]),
  plugAndPlay('BRD', 'PNP0C02', [
    ioPorts(0x80, 1),
    ioPorts(0x92, 1),
    ioPorts(0x4d0, 2),
    ioPorts(ACPI_PORTS.first, ACPI_PORTS.count),
    fixedMemory(ECAM_ADDRESS, ECAM_LENGTH),
    fixedMemory(0xfec0_0000, 0x1000),
    fixedMemory(0xfee0_0000, 0x1000),
  ]),
  ...(options.firmwareConfiguration
    ? [
        device('FWCF', [
          name('_HID', string('QEMU0002')),
          name('_CRS', resourceTemplate([ioPorts(FW_CFG_PORT, FW_CFG_PORTS)])),
        ]),
      ]
    : []),
];

/** A processor's unit number is the one that the MADT gives it. */
const processors = (count: number): readonly Aml[] =>
  Array.from({ length: count }, (_, n) =>
    device(`C${n.toString(16).toUpperCase().padStart(3, '0')}`, [
      name('_HID', string('ACPI0007')),
      name('_UID', integer(n)),
    ]),
  );
