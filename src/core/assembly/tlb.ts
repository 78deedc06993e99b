// skeleton: signatures are final
/** Recomputes TLB_BASE and CODE_CONTEXT: call after any change of MODE, CPL, RFLAGS.AC, CR0.AM, CR4.SMAP, DR7, CS base or limit. */
export function updateTlbBase(): void {}
/** MOV CR3 (CR3 already stored, bit 63 cleared): switches the address space; `keep` = bit 63 was set with CR4.PCIDE. */
export function loadAddressSpace(keep: bool): void {}
/** Drops every translation, global ones too: CR0.PG/WP, CR4.PGE/PSE/PAE/PCIDE/SMEP/SMAP/LA57, EFER.NXE/LMA changes. */
export function flushAll(): void {}
/** INVLPG. */
export function flushPage(linear: i64): void {}
/** INVPCID of `type` 0…3, operands already checked. */
export function flushPcid(type: i32, pcid: u32, linear: i64): void {}
