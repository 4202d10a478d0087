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
        ((), "", "I want a copy of everything you know about me.", TicketKind.RIGHTS),
        ((), "A request", "Please send me all the information you hold about me", TicketKind.RIGHTS),
        ((), "", "Was wissen Sie über mich? Bitte alle meine Daten.", TicketKind.RIGHTS),
        ((), "", "Je voudrais tout ce que vous savez sur moi", TicketKind.RIGHTS),
        ((), "", "Quiero saber todo lo que saben de mí", TicketKind.RIGHTS),
        ((), "", "Ik wil alles wat u over mij weet", TicketKind.RIGHTS),
        ((), "", "请给我关于我的所有信息", TicketKind.RIGHTS),
        ((), "", "What data do you have about us? Send it.", TicketKind.RIGHTS),
        ((), "", "Under Art. 15 I ask for access", TicketKind.RIGHTS),
        ((), "", "Proszę usunąć moje dane osobowe", TicketKind.RIGHTS),
        ((), "", "Vorrei la cancellazione dei miei dati", TicketKind.RIGHTS),
        ((), "", "개인정보를 삭제해 주세요", TicketKind.RIGHTS),
        ((), "", "My account has been suspended without a reason", TicketKind.APPEAL),
        ((), "Lamp", "Where is it?\n\nKind regards\nOla Berg\nData Protection Officer", TicketKind.INQUIRY),
        ((), "Lamp", "Where is it?\n\nOla Berg, Head of Data Protection\nLamps Ltd", TicketKind.INQUIRY),
        ((), "Lampe", "Wo ist sie?\n\nMfG\nOla Berg\nDatenschutzbeauftragter", TicketKind.INQUIRY),
        ((), "Lampe", "Où est-elle ?\n-- \nOla Berg\nDélégué à la protection des données", TicketKind.INQUIRY),
        ((), "Lamp", "Where is it?\nImprint | Privacy Policy | Complaints Department", TicketKind.INQUIRY),
        ((), "", "I want to speak to your data protection officer", TicketKind.RIGHTS),
        (
            (),
            "Re: your letter",
            "Thanks.\n\nOn 3 May 2026, HautHome <service@desk.example> wrote:\nYour complaint about phishing",
            TicketKind.INQUIRY,
        ),
        ((), "Fwd:", "Forwarded message\nFrom: a\nSubject: b\n\nPlease delete my account", TicketKind.RIGHTS),
        ((), "", "", TicketKind.INQUIRY),
    ],
)
def test_the_kind_is_guessed(boxes: tuple[str, ...], subject: str, text: str, kind: TicketKind) -> None:
    assert guess_kind(PACK, boxes, subject, text) is kind


@pytest.mark.parametrize(
    ("text", "claimed", "language"),
    [
        ("Де моя посилка?", "", "uk"),
        ("Къде е пратката ми?", "", "bg"),
        ("Где моя посылка?", "", "ru"),
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
        ("Is this correct?", "", "en"),
        ("Still no refund", "", "en"),
        ("What is in my account", "", "en"),
        ("It is broken, van and all", "", "en"),
        ("Delete everything", "", "en"),
        ("Hi, any news?", "", "en"),
        ("Wo ist mein Paket?", "", "de"),
        ("Ich habe nichts erhalten", "", "de"),
        ("Où est ma commande ?", "", "fr"),
        ("Je n’ai rien reçu", "", "fr"),
        ("¿Dónde está mi pedido?", "", "es"),
        ("No he recibido nada", "", "es"),
        ("Onde está a minha encomenda?", "", "pt"),
        ("Não recebi nada", "", "pt"),
        ("Dov'è il mio ordine?", "", "it"),
        ("Non ho ricevuto niente", "", "it"),
        ("Waar is mijn bestelling?", "", "nl"),
        ("Ik heb niets ontvangen", "", "nl"),
        ("Jag vill radera mitt konto", "", "sv"),
        ("Jeg har ikke modtaget noget", "", "da"),
        ("Jeg har ikke mottatt noe", "", "no"),
        ("Missä tilaukseni on?", "", "fi"),
        ("Gdzie jest moja paczka?", "", "pl"),
        ("Kde je moje zásilka?", "", "cs"),
        ("Hol van a csomagom?", "", "hu"),
        ("Vă rog să ștergeți contul", "", "ro"),
        ("Hesabımı silin lütfen", "", "tr"),
        ("Ok danke\n\nOn 3 May 2026, X <x@desk.example> wrote:\n> Please tell us what the number of it is", "", "de"),
        ("Bonjour\nhttps://the.and.example/is/this/with/that", "", "fr"),
        ("", "<script>", "en"),
    ],
)
def test_the_language_is_guessed(text: str, claimed: str, language: str) -> None:
    assert language_of(text, claimed) == language


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_has_a_kind_and_a_language(subject: str, text: str) -> None:
    assert guess_kind(PACK, (), subject, text) in TicketKind
    assert language_of(subject, text).isalpha()
