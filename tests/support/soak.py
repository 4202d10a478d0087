"""How long the tests go on that look for what only happens now and then."""

import os


def rounds(ordinarily: int, soaking: int) -> int:
    """So many in `make test`; in `make soak` the full number; or whatever CS_SOAK_ROUNDS says."""
    asked = os.environ.get("CS_SOAK_ROUNDS", "")
    if asked == "full":
        return soaking
    return int(asked) if asked else ordinarily
