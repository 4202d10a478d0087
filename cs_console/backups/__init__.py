"""Backups of a desk on one host: made while consoles work, and checked before they take a desk's place."""
