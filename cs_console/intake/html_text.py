"""HTML mail as text. Nothing is rendered, fetched, hidden or laid out; every limit is the parser's own or ours."""

import re
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscriptis.model.config import ParserConfig

CUT = "[some of this message's HTML could not be read as text; the whole of it is kept as a sealed file]"
"""A line of its own under the text, where the parser lost something."""

_DROPPED = (
    "script",
    "style",
    "head",
    "title",
)  # what no reader shows; without scripts, noscript and template are shown
_MOST_TAGS = 100_000
_MOST_ATTRIBUTES = 256
"""Of one tag: parser and layout compare each with every other."""
_LOST = "RESOURCE_LIMIT"
"""In the parser's name of an error: it went on without what was beyond a limit of its own."""
_TAG = re.compile(r"""<[A-Za-z](?:[^>=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|=)*+""")
_ENDS = re.compile(r"</(?:body|html)\s*+>", re.IGNORECASE)
_QUOTES = ("quote", "cite", "border-left")
"""In the looks of an element that repeats an earlier letter."""
_DEEPEST = 9
_BREAKING = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote"})
_QUOTED = re.compile(r"""=\s*+(?:"[^"]*+"|'[^']*+')""")
_ATTRIBUTE = re.compile(r"""[\s/"'][^\s/"'=]""")


def html_to_text(html: str) -> str:
    """The words of an HTML mail, in their order, with lists and paragraphs kept apart.

    What a style hides is shown, and where a link really goes. Where the parser lost something (a limit of its own, a
    tag, comment or script that is never closed) the last line is `CUT`. HTML nested deeper than the parser follows
    (256 elements), or with too many tags or attributes, is read without it: the words between the tags, and `CUT`.
    """
    from lxml import etree  # the parser is slow to import and most mail is plain text
    from lxml import html as lxml_html

    if html.count("<") > _MOST_TAGS:
        return _between_tags(html)
    if any(_has_many_attributes(tag.group()) for tag in _TAG.finditer(html)):
        return _between_tags(html)
    if not html.strip():
        return ""
    html = _ENDS.sub("", html)  # the parser drops what comes after them, and mailers write more after them
    end = f"end-{secrets.token_hex(8)}"  # no sender can write it, so it is missing just where the parser lost the end
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        tree = lxml_html.document_fromstring(f"{html}\n{end}".encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return CUT
    if any("xcessive depth" in problem.message for problem in parser.error_log):
        return _between_tags(html)
    for element in tree.iter(*_DROPPED):
        element.text = None
        del element[:]
    marks = f"quoted-{end}", f"unquoted-{end}"
    quoted = [element for element in tree.iter("blockquote") if _is_quotation(element)]
    for element in quoted:
        _mark(element, *marks)
    etree.strip_attributes(tree, "style", "align", "valign")
    from inscriptis.html_engine import Inscriptis

    text = str(Inscriptis(tree, _layout()).get_text())
    whole = text.rstrip().endswith(end) and not any(_LOST in problem.type_name for problem in parser.error_log)
    if quoted:
        text = _with_signs(text, *marks)
    words = text.replace(end, "").strip("\n").rstrip()
    return words if whole else f"{words}\n\n{CUT}".lstrip("\n")


def _has_many_attributes(tag: str) -> bool:
    if len(tag) < 2 * _MOST_ATTRIBUTES:
        return False
    return len(_ATTRIBUTE.findall(_QUOTED.sub('=""', tag))) > _MOST_ATTRIBUTES


def _is_quotation(element: Any) -> bool:
    """Whether mail programs mean an earlier letter by it, not a paragraph that is set in."""
    looks = f"{element.get('class', '')} {element.get('style', '')} {element.get('id', '')}".lower()
    return element.get("type") == "cite" or element.get("cite") is not None or any(sign in looks for sign in _QUOTES)


def _mark(element: Any, opens: str, closes: str) -> None:
    """Put a line of its own before and after what is in the element."""
    first, last = element.makeelement("div"), element.makeelement("div")
    first.text, last.text = opens, closes
    first.tail, element.text = element.text, None
    element.insert(0, first)
    element.append(last)


def _with_signs(text: str, opens: str, closes: str) -> str:
    """The lines between the marks as plain mail quotes them, once for each letter that they are in."""
    lines: list[str] = []
    depth = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped == opens:
            depth += 1
        elif stripped == closes:
            depth = max(depth - 1, 0)
        else:
            signs = ">" * min(depth, _DEEPEST)
            lines.append(f"{signs} {line}".rstrip() if signs else line)
    return "\n".join(lines)


def _between_tags(html: str) -> str:
    """The words of HTML that no parser should be given, in one walk, with `CUT` under them."""
    from html import unescape  # for HTML that is too much for the parser

    words: list[str] = []
    dropped = ""
    for number, piece in enumerate(html.split("<")):
        tag, closed, text = piece.partition(">")
        name = tag.strip("/ ").partition(" ")[0].lower() if closed else ""
        if dropped:
            dropped = "" if tag.startswith("/") and name == dropped else dropped
        elif name in _DROPPED and not tag.startswith("/") and name != "head":
            dropped = name
        if not dropped:
            words.append("\n" if name in _BREAKING else "")
            words.append(text if closed else f"<{piece}" if number and not piece[:1].isalpha() else piece)
    lines = (" ".join(line.split()) for line in unescape("".join(words)).split("\n"))
    return "\n".join([*(line for line in lines if line), "", CUT]).lstrip("\n")


def _layout() -> "ParserConfig":
    """Layout that costs no more than the words: nothing is indented; tables, mail has them for looks, are blocks.

    Created for each mail, because the parser keeps the text in it.
    """
    from copy import copy  # for mail that is HTML alone

    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.html_properties import Display
    from inscriptis.model.config import ParserConfig
    from inscriptis.model.html_element import HtmlElement
    from inscriptis.model.tag import CustomHtmlTagHandlerMapping

    css = {tag: copy(element) for tag, element in CSS_PROFILES["strict"].items()}
    css |= {tag: HtmlElement(display=Display.block) for tag in ("table", "tr", "td", "th")}
    for element in css.values():
        element.padding_inline = 0
    start = dict.fromkeys(("table", "tr", "td", "th"), _nothing)
    end = dict.fromkeys(("table", "td", "th"), _nothing)
    mapping = CustomHtmlTagHandlerMapping(start, end)
    return ParserConfig(css=css, display_links=True, custom_html_tag_handler_mapping=mapping)


def _nothing(*_: object) -> None:
    """What a table's tags do to the text."""
