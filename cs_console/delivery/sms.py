"""Handing text messages to a provider through Apprise, which speaks to most of them."""

import logging
from typing import Any
from urllib.parse import quote

from cs_console.delivery import http_answers
from cs_console.errors import BadSettings, DeliveryFailed, DeliveryUnknown

EXAMPLE_NUMBER = "+441632960001"
"""Of a range that is kept free for examples: it only completes a URL that is looked at."""


def send(url: str, number: str, text: str) -> None:
    """Send one text message; the number becomes the target of the provider that the URL names.

    Raises DeliveryFailed (never with the number) or BadSettings; DeliveryUnknown where the provider may have taken it
    and did not say so. Apprise does not try again by itself, whatever the URL asks for.
    """
    import apprise  # a hundred providers: slow to import, and needed only when something is sent

    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False)
    provider = _provider(url, number, asset)
    provider.retry = 0  # a second try could be a second message
    sender = apprise.Apprise(asset=asset)
    sender.add(provider)
    with http_answers.watched() as answers:  # Apprise does not say why a message was not sent
        accepted = bool(sender.notify(body=text, body_format=apprise.NotifyFormat.TEXT))
    if accepted:
        return
    if not answers.certainly_refused:
        raise DeliveryUnknown
    raise DeliveryFailed(
        "The text-message service did not accept the message.", "The console will try again later.", unreached=True
    )


def probe(url: str) -> None:
    """Whether Apprise understands the URL; nothing is sent. Raises BadSettings."""
    import apprise  # a tenth of a second, and many desks send no text messages

    _provider(url, EXAMPLE_NUMBER, apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY))


def _provider(url: str, number: str, asset: Any) -> Any:
    import apprise  # the same

    for name in ("apprise", "urllib3", "requests"):
        _hush(logging.getLogger(name))
    provider = apprise.Apprise.instantiate(target_url(url, number), asset=asset, suppress_exceptions=True)
    if provider is None:
        raise BadSettings("CS_CONSOLE_SMS_URL is not a URL that Apprise knows.", "See Apprise's list of services.")
    return provider


def target_url(url: str, number: str) -> str:
    """The provider's URL with the number as its last target, before any query."""
    place, mark, query = url.partition("?")
    return f"{place.rstrip('/')}/{quote(number, safe='')}{mark}{query}"


def _hush(logger: logging.Logger) -> None:
    """Providers' loggers name the target's number; nothing of them may reach a terminal or a file."""
    logger.propagate = False
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
