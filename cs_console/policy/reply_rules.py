"""The part of a pack on what surrounds an agent's own words to a requester."""

from cs_console.policy.parts import Part, Said


class ReplyRules(Part):
    """Texts are said in the requester's language. An empty one is left out."""

    quote: bool = False
    """Whether the requester's own last mail is quoted below the answer to it; to the address that wrote it alone."""
    quoted: Said = ""
    """The line above it; `{{ date }}` is the day on which it was written."""
    signature: Said = ""
    """The lines at the end. Without them it is the desk's name."""
