"""Tickets: how they come in, wait, are worked and end."""
