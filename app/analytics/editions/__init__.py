"""Frozen editions, what each keeps and withholds, and the columnar store built of them."""
