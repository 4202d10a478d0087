"""How long the tests go on that look for what only happens now and then."""

import os


def rounds(ordinarily: int, soaking: int) -> int:
    """So many in `make test`; in `make soak` the full number; or whatever CS_SOAK_ROUNDS says."""
    asked = os.environ.get("CS_SOAK_ROUNDS", "")
    if asked == "full":
        return soaking
    return int(asked) if asked else ordinarily


def seconds(soaking: float) -> float:
    """For how long at least: not at all in `make test`, where `rounds` alone say when it is over."""
    return soaking if os.environ.get("CS_SOAK_ROUNDS", "") == "full" else 0.0
