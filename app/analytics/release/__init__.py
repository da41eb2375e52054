"""What leaves: counts of a group, of two traits, of pools and of sums, released together."""
