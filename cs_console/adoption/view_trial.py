"""Whether the queue understands a pack's views: `policy` lies below the queue's filter, so they are tried out here."""

from collections.abc import Iterator

from cs_console.errors import BadFilter
from cs_console.policy.schema import Pack
from cs_console.policy.toml_lines import Place
from cs_console.tickets.filters import parse


def view_problems(pack: Pack) -> Iterator[tuple[Place, str]]:
    """What is wrong with the filters of the pack's views, each with its place.

    Names of agents and of tags are a desk's own, so they are not looked up.
    """
    for at, view in enumerate(pack.views):
        place: Place = ("views", at, "filter")
        try:
            asked = parse(view.filter)
        except BadFilter as refused:
            yield place, " ".join(filter(None, (refused.sentence, refused.next_step)))
        else:
            if asked.words:
                yield place, f"{asked.words[0]!r} is not a term of a filter: a view looks for no words"
