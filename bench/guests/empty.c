// Ends at once: what is left is the cost of starting a monitor.
int main(void) { return 0; }
