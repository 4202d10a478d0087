"""What goes out: by mail, by text message, or into a folder."""
