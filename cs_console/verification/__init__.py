"""Verifying who asks: codes to contacts on file, written requests, documents seen (POLICY.md, Verifying identity)."""
