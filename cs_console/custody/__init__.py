"""Custody of what requesters give us: keys, sealing, masks, redaction and the one way out."""
