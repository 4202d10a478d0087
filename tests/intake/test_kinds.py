"""Guessing kind and language: from the pack's own mailboxes and keywords, for an agent to correct."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.intake.kinds import guess_kind
from cs_console.intake.languages import language_of
from cs_console.policy.loader import PackShelf
from cs_console.settings import Settings
from models.enums import TicketKind

PACK = PackShelf(Settings(home=Path("/nowhere"))).current


@pytest.mark.parametrize(
    ("boxes", "subject", "text", "kind"),
    [
        (("appeals",), "", "hello", TicketKind.APPEAL),
        (("support", "privacy"), "My parcel", "", TicketKind.RIGHTS),
        (("support",), "My account was locked", "", TicketKind.APPEAL),
        ((), "A question", "Please DELETE MY ACCOUNT.", TicketKind.RIGHTS),
        ((), "投诉卖家", "", TicketKind.COMPLAINT),
        ((), "请删除我的账户", "", TicketKind.RIGHTS),
        ((), "Löschung", "Bitte meine Daten löschen", TicketKind.RIGHTS),
        ((), "I got a phishing mail", "", TicketKind.REPORT),
        ((), "Hello", "Where is my parcel?", TicketKind.INQUIRY),
        ((), "Re: order", "Thanks.\n> please delete my account\n> my personal data", TicketKind.INQUIRY),
        ((), "The transport", "unreported", TicketKind.INQUIRY),
        ((), "", "", TicketKind.INQUIRY),
    ],
)
def test_the_kind_is_guessed(boxes: tuple[str, ...], subject: str, text: str, kind: TicketKind) -> None:
    assert guess_kind(PACK, boxes, subject, text) is kind


@pytest.mark.parametrize(
    ("text", "claimed", "language"),
    [
        ("您好，我的账户被锁定了", "", "zh"),
        ("ログインできません。助けてください", "", "ja"),
        ("로그인이 되지 않습니다", "", "ko"),
        ("Здравствуйте, удалите мои данные", "", "ru"),
        ("Доброго дня, видаліть мої дані, будь ласка, її немає", "", "uk"),
        ("Bitte löschen Sie mein Konto, ich brauche es nicht", "", "de"),
        ("Bonjour, je vous prie de supprimer mon compte", "", "fr"),
        ("Hola, por favor eliminen mi cuenta, gracias", "", "es"),
        ("Please delete my account", "", "en"),
        ("Please delete my account", "de-AT", "de"),
        ("12345", "", "en"),
        ("", "<script>", "en"),
    ],
)
def test_the_language_is_guessed(text: str, claimed: str, language: str) -> None:
    assert language_of(text, claimed) == language


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_has_a_kind_and_a_language(subject: str, text: str) -> None:
    assert guess_kind(PACK, (), subject, text) in TicketKind
    assert language_of(subject, text).isalpha()
