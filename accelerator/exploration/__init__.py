"""Many estimates over a space of networks, widths, arrays, tables and conditions."""
