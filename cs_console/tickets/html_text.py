"""HTML mail as text. Nothing is rendered, fetched, hidden or laid out; every limit is the parser's own or ours."""

from typing import TYPE_CHECKING

from cs_console.errors import Unreadable

if TYPE_CHECKING:
    from inscriptis.model.config import ParserConfig

_DROPPED = ("script", "style", "head", "title", "template", "noscript")
_MOST_TAGS = 100_000


def html_to_text(html: str) -> str:
    """The words of an HTML mail, in their order, with lists and paragraphs kept apart.

    What a style hides is shown, and where a link really goes. Raises Unreadable for HTML nested deeper than the parser
    follows (256 elements), or with too many tags.
    """
    from lxml import etree  # the parser is slow to import and most mail is plain text
    from lxml import html as lxml_html

    if html.count("<") > _MOST_TAGS:
        raise Unreadable("html_too_complex", "The HTML of the message has too many tags.")
    if not html.strip():
        return ""
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        tree = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ""
    if any("xcessive depth" in problem.message for problem in parser.error_log):
        raise Unreadable("html_too_deep", "The HTML of the message is nested too deeply.")
    for element in tree.iter(*_DROPPED):
        element.text = None
        del element[:]
    etree.strip_attributes(tree, "style", "align", "valign")
    from inscriptis.html_engine import Inscriptis

    return str(Inscriptis(tree, _layout()).get_text()).strip("\n")


def _layout() -> "ParserConfig":
    """Layout that costs no more than the words: nothing is indented; tables, mail has them for looks, are blocks.

    Made anew for each mail, because the parser leaves the words in it.
    """
    from copy import copy

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
