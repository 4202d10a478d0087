"""The secrets of authenticator apps: sealed under a key of the desk's, bound to the account that they belong to."""

from cs_console.custody.keyring import Keyring
from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place, seal

_KEY = "second-factor"


def seal_secret(keyring: Keyring, agent_id: str, secret: str) -> bytes:
    """Seal an account's secret: copied to another account's row it does not open."""
    return seal(keyring.desk_key(_KEY), _place(agent_id), secret)


def open_secret(keyring: Keyring, agent_id: str, sealed: bytes) -> str:
    """The secret, for comparing codes alone. Raises SealBroken for a changed one or another account's."""
    return open_text(keyring.desk_key(_KEY), _place(agent_id), sealed)


def _place(agent_id: str) -> Place:
    return Place(f"desk:{_KEY}", "second_factor", "secret", agent_id)
