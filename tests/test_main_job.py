"""The main job from mail to proven log, over the real services, on both engines."""

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from cs_console.access_log import review
from cs_console.access_log.log_filter import LogFilter
from cs_console.access_log.verify import verify_log
from cs_console.casework import conversation, workflow
from cs_console.custody import disclosure
from cs_console.custody.disclosure import Target
from cs_console.decisions import approval, checklist
from cs_console.decisions.checklist import Answer, Finding, Proposal
from cs_console.desk import operator_session
from cs_console.errors import NotVerified
from cs_console.intake import intake
from cs_console.staff import passwords
from cs_console.tickets import queue
from cs_console.verification import codes
from models.contact_fields import Field
from models.enums import Action, Outcome, TicketKind, TicketState
from models.roles import Role
from tests.decisions.cases import propose
from tests.support.desk import TestDesk

CANARY = "Zanzibarquokka"
"""A word that stands nowhere but in what the requester gave us."""

PASSWORD = "seven quiet harbours"

_ON_FILE = (
    '{"type": "requester", "account": "a-1", "language": "en", "changed_at": "2024-01-01T00:00:00Z", "on_file": '
    f'{{"mobile": "+44 7700 900123", "e-mail": "{CANARY.lower()}@example.org", "name": "{CANARY} Okafor", '
    f'"address": "14 {CANARY} Close, Leeds"}}}}\n'
)


def _mail(folder: Path) -> Path:
    mail = EmailMessage()
    mail["From"] = f"{CANARY} Okafor <{CANARY.lower()}@example.org>"
    mail["To"] = "privacy@hauthome.example"
    mail["Subject"] = f"Please delete the account of {CANARY}"
    mail["Message-ID"] = "<1@mail.example>"
    mail.set_content(f"Dear team,\n\ndelete my account. I am {CANARY} Okafor, 07700 900123.\n")
    mail.add_attachment(f"{CANARY} was here".encode(), maintype="text", subtype="plain", filename=f"{CANARY}.txt")
    file = folder / "one.eml"
    file.write_bytes(mail.as_bytes())
    return file


def _places_of(folder: Path, word: str) -> list[str]:
    """Files below the folder, journals included, that hold the word in a common encoding."""
    needles = [
        form.encode(code) for form in (word, word.lower(), word.upper()) for code in ("utf-8", "utf-16-le", "utf-16-be")
    ]
    return [
        str(file.relative_to(folder))
        for file in sorted(folder.rglob("*"))
        if file.is_file() and any(needle in file.read_bytes() for needle in needles)
    ]


@pytest.mark.usefixtures("cheap_passwords")
def test_the_main_job_end_to_end(test_desk: TestDesk, tmp_path: Path) -> None:
    desk, clock = test_desk.desk, test_desk.clock
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "accounts.jsonl").write_text(_ON_FILE, "utf-8")
    operator = operator_session(desk)
    intake.import_jsonl(operator, outside / "accounts.jsonl")
    counts = intake.import_mail(operator, [_mail(outside)])
    assert (counts.read, counts.opened) == (1, 1)
    again = intake.import_mail(operator, [outside / "one.eml"])
    assert (again.read, again.duplicate) == (1, 1)

    mei = test_desk.session("mei", Role.AGENT, Role.VERIFIER)
    omar = test_desk.session("omar", Role.SUPERVISOR, password_hash=passwords.hash_password(PASSWORD))
    (row,) = queue.page(mei, "to_verify").rows
    assert row.kind is TicketKind.RIGHTS
    assert CANARY not in row.subject
    view = conversation.open_ticket(mei, row.number)
    assert all(CANARY not in line.text for line in view.lines)
    workflow.claim(mei, row.number)

    mail = next(contact for contact in view.contacts if contact.field is Field.EMAIL and contact.on_file)
    with pytest.raises(NotVerified):
        disclosure.reveal(mei, row.number, Target(Field.EMAIL, mail.id), "answer-right")

    option = next(option for option in codes.options(mei, row.number) if option.field is Field.MOBILE)
    codes.send_code(mei, row.number, option.contact_id)
    outbox = desk.settings.outbox
    assert outbox is not None
    (message,) = outbox.iterdir()
    code = re.findall(r"\b[0-9]{8}\b", message.read_text("utf-8"))[0]
    codes.check_code(mei, row.number, code)

    revealed = disclosure.reveal(mei, row.number, Target(Field.EMAIL, mail.id), "answer-right")
    assert revealed.value == f"{CANARY.lower()}@example.org"
    clock.forward(seconds=9)
    disclosure.end_view(mei, revealed, 9)
    number_row = conversation.reload(mei, row.number).version
    conversation.reply(mei, row.number, number_row, mail.id, f"Dear {CANARY}, we are working on it.")

    finding = Finding(
        ground="D4",
        applies=True,
        fields=("backups",),
        answers=tuple(
            Answer(question, text, clock.now())
            for question, text in {
                "medium": f"Tapes that hold {CANARY}'s orders",
                "overwritten": "2027-02-28",
                "live": "yes",
                "offer": "Agreed to wait",
            }.items()
        ),
        evidence=("Restoration note 14",),
        offers=("narrower",),
    )
    granted = ("account", "orders", "browsing", "location", "devices", "published")
    proposal = Proposal(request="delete", outcome=Outcome.PARTIAL, granted=granted, findings=(finding,))
    checklist.record_asked(mei, row.number, "delete", (*granted, "backups"))
    decision = propose(mei, row.number, conversation.reload(mei, row.number).version, proposal).decision_id
    (waiting,) = approval.waiting(omar).rows
    assert waiting.decision_id == decision
    assert approval.approve(omar, decision, PASSWORD).final
    assert conversation.reload(mei, row.number).state is TicketState.CLOSED
    assert len(list(outbox.iterdir())) >= 3  # the code, the word to the other contact, the reply and the notice

    actions = {entry.action for entry in review.entries(omar, LogFilter(ticket=row.number)).entries}
    assert actions >= {
        Action.TICKET_OPENED,
        Action.REVEAL_REFUSED,
        Action.CODE_SENT,
        Action.VERIFIED,
        Action.FIELD_REVEALED,
        Action.VIEW_ENDED,
        Action.MESSAGE_SENT,
        Action.DECISION_PROPOSED,
        Action.DECISION_APPROVED,
        Action.DECISION_MADE,
    }
    verdict = verify_log(desk)
    assert verdict.ok
    # nothing of hers lies in the home folder but what went out (test_canary.py looks at PostgreSQL's files too)
    assert [place for place in _places_of(desk.settings.home, CANARY) if not place.startswith("outbox")] == []
