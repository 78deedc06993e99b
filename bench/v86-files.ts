// The firmware that v86 boots with, from Debian's package seabios.

export const V86_BIOS = '/usr/share/seabios/bios.bin';
export const V86_VGA_BIOS = '/usr/share/seabios/vgabios-stdvga.bin';
