"""Erasures that wait."""
