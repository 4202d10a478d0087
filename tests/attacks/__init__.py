"""What attackers did once, and must never do again (SECURITY.md)."""
