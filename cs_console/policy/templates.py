"""The texts of a pack with blanks in them: they name parts and ask whether there are any, and can do nothing else."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from cs_console.errors import NoticeIncomplete

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from jinja2.nodes import Node

LONGEST = 64_000
"""Characters at most in one text once it is filled in."""


def render(template: str, parts: Mapping[str, str]) -> str:
    """Fill a pack's template; plain text, blank lines never doubled.

    It takes no longer than the template is long: no loops, no calls, no arithmetic. Raises NoticeIncomplete for a
    template that does not work, does more, names a part that does not exist, or comes out longer than LONGEST.
    """
    from jinja2 import TemplateError  # only when a letter is made

    filled, length = [], 0
    try:
        for piece in _compiled(template).generate(parts):
            filled.append(piece)
            length += len(piece)
            if length > LONGEST:
                raise _refused(f"the result is longer than {LONGEST:,} characters")
    except (TemplateError, ArithmeticError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError) as problem:
        what = problem.message if isinstance(problem, TemplateError) else type(problem).__name__
        raise _refused(str(what)) from None
    lines: list[str] = []
    for line in "".join(filled).strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def names_in(template: str) -> tuple[frozenset[str], frozenset[str]]:
    """The parts that a template names at all, and those of them that it holds and does not only ask for.

    Raises NoticeIncomplete for a template that does not work, whatever it is filled with.
    """
    from jinja2 import TemplateError  # Jinja2 is off the start-up path
    from jinja2.nodes import Name, Output

    try:
        tree = _sandbox().parse(template)
    except TemplateError as problem:
        raise _refused(str(problem.message)) from None
    _require_plain(tree)
    held = frozenset(node.name for output in tree.find_all(Output) for node in output.find_all(Name))
    return frozenset(node.name for node in tree.find_all(Name)), held


@lru_cache(maxsize=256)  # the words of packs, never a requester's
def _compiled(template: str) -> "Template":
    sandbox = _sandbox()
    _require_plain(sandbox.parse(template))
    return sandbox.from_string(template)


def _sandbox() -> "Environment":
    from jinja2 import StrictUndefined  # the same
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        autoescape=False,  # the letter is plain text, never HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _require_plain(tree: "Node") -> None:
    """Refuse everything but text, names of parts and questions about them. Raises NoticeIncomplete."""
    from jinja2 import nodes  # the same

    allowed = (
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Const,
        nodes.If,
        nodes.CondExpr,
        nodes.Not,
        nodes.And,
        nodes.Or,
        nodes.Compare,
        nodes.Operand,
    )
    waiting: list[Node] = [tree]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, allowed):
            raise _refused(f"line {node.lineno} contains more than names of parts and {{% if %}} around them")
        waiting.extend(node.iter_child_nodes())


def _refused(what: str) -> NoticeIncomplete:
    return NoticeIncomplete(f"The template does not work: {what}.", "Run `cs-console policy check` on the pack.")


def render_whole(template: str, parts: dict[str, str], required: Iterable[str]) -> str:
    """The same for a letter that has to hold certain parts, wherever they have something to say.

    Raises NoticeIncomplete naming the first that the template leaves out.
    """
    # filled with names in place of words: two parts may say the same, and one of them could be missing unnoticed
    named = render(template, {name: f"<<{name}>>" if words else "" for name, words in parts.items()})
    for name in required:
        if parts[name] and f"<<{name}>>" not in named:
            raise NoticeIncomplete(f"The letter does not contain {name}.", "Fix the policy pack's template.")
    return render(template, parts)
