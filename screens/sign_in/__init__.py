"""Signing in, the lock, passwords, the second factor, the undertaking."""
