"""Sending messages: by mail, by text message, or into a folder."""
