"""The people who work here: accounts, sign-in, sessions and undertakings."""
