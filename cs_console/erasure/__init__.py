"""Erasure as two people decide it, and the holds that keep data past its time."""
