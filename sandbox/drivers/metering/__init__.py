"""What instances use: processor time and network counters, read from where the kernel counts them."""
