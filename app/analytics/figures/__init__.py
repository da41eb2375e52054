"""What is counted: the registry of indicators, in families that are protected together."""
