"""The checklist, and approving what was proposed."""
