"""Whom it is counted of: the rows of a wave and their counts."""
