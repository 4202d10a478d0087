"""Which version of the program this is."""

from functools import cache


@cache
def program_version() -> str:
    """The version of the installed package."""
    from importlib.metadata import version  # slow to import, and a start has no use for it

    return version("cs-console")


def program_name() -> str:
    """`cs-console 0.1.0`."""
    return f"cs-console {program_version()}"
