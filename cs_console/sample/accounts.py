"""The sample desk's accounts. They stand on the demo's sign-in screen and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SampleAccount:
    """An account anybody may use on a sample desk; `roles` as the command line spells them."""

    name: str
    password: str
    roles: tuple[str, ...]
    does: str


ACCOUNTS = (
    SampleAccount("mei", "amber-kite-ninety-lakes", ("agent", "verifier"), "works tickets, verifies requesters"),
    SampleAccount("omar", "quiet-harbour-seven-oaks", ("supervisor",), "approves, reads the access log"),
    SampleAccount("ines", "violet-compass-winter-tea", ("privacy officer", "admin"), "decides legal reviews, accounts"),
)
