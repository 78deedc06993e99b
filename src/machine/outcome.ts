/** Why a domain stopped for good. */
export type Outcome =
  /** The guest powered itself off. */
  | { readonly kind: 'poweroff' }
  /** The guest asked for a restart. */
  | { readonly kind: 'reset' }
  /** The guest cannot go on. `state` is the CPU state as text of several lines. */
  | { readonly kind: 'triple-fault' | 'halted'; readonly state: string }
  /** The guest wrote to the debug-exit port. `status` is what the device makes of it, 1 to 255. */
  | { readonly kind: 'exit'; readonly status: number }
  /** `stop` was called. */
  | { readonly kind: 'stopped' };
