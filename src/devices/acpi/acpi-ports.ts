/** Where the fixed ACPI hardware is: the device answers these ports and the FADT names them. */
export const ACPI_PORTS = {
  /** The whole block, for the resources of the board. */
  first: 0x600,
  count: 0x30,
  pm1Event: 0x600,
  pm1Control: 0x604,
  timer: 0x608,
  general: 0x620,
} as const;

/** Bytes of the general-purpose event block: a status and an enable register of 16 events. */
export const GENERAL_LENGTH = 4;
/** The system control interrupt. */
export const SCI = 9;
/** SLP_TYP of the soft-off state S5, which `\_S5` names. */
export const SLEEP_TYPE_S5 = 5;
/** The PM timer's frequency (ACPI 6.5, 4.8.3.3). */
export const PM_TIMER_HERTZ = 3_579_545;
