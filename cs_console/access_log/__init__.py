"""The access log: append-only, hashed into a tree, signed, and readable only on the record."""
