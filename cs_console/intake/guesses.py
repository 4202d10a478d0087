"""What a message does not say of itself and has to be guessed: its kind and its language."""

from dataclasses import replace

from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.kinds import guess_kind
from cs_console.intake.languages import language_of
from cs_console.policy.schema import Pack
from models.enums import TicketKind


def kind_of(pack: Pack, message: IncomingMessage) -> TicketKind:
    """The kind that it says, else the one that its words tell."""
    return message.kind or guess_kind(pack, message.mailboxes, message.subject, message.text)


def language_in(message: IncomingMessage) -> str:
    """The language that it says, else the one that its words tell."""
    return language_of(f"{message.subject}\n{message.text}", message.language)


def with_guesses(pack: Pack, message: IncomingMessage) -> IncomingMessage:
    """The message saying both itself, so that they need not be guessed again."""
    return replace(message, kind=kind_of(pack, message), language=language_in(message))
