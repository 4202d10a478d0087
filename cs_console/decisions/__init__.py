"""Decisions on rights requests: the clock, the checklist, approval by other people, the notice."""
