"""text/enriched (RFC 1896) and its ancestor text/richtext as words."""

import re

_COMMAND = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>")
_RICH = {"nl": "\n", "lt": "<", "np": "\n\n", "paragraph": "\n\n"}


def enriched_to_text(text: str, *, rich: bool) -> str:
    """The words without their commands; single line ends of text/enriched are spaces, of several one goes."""
    words: list[str] = []
    hidden = ""  # the command inside which nothing is words
    at = 0
    for command in _COMMAND.finditer(text):
        before, name = text[at : command.start()], (command[2] or "").lower()
        if not hidden:
            words.append(before)
            if not name:
                words.append("<" if not rich else "<<")
            elif name in ("param", "comment") and not command[1]:
                hidden = name
            elif rich and name in _RICH and (not command[1] or name == "paragraph"):
                words.append(_RICH[name])
        elif command[1] and name == hidden:
            hidden = ""
        at = command.end()
    words.append("" if hidden else text[at:])
    whole = "".join(words)
    if rich:
        return whole
    return re.sub(r"\n+", lambda run: " " if len(run.group()) == 1 else "\n" * (len(run.group()) - 1), whole)
