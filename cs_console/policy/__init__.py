"""Policy packs: a privacy policy as data."""
