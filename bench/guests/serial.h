// Writes to the first serial port, without waiting: the monitors' transmitters are always ready.
static inline void say(const char *text) {
  for (; *text; text++) __asm__ volatile("outb %0, %1" : : "a"(*text), "Nd"((unsigned short)0x3f8));
}
