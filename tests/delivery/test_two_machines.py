"""No two machines talk to each other for more than one round: what they say stops with the first answer."""

import json
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from cs_console.desk import operator_session
from cs_console.intake.intake import import_jsonl, import_mail
from cs_console.upkeep import keep_up
from tests.support.desk import TestDesk, make_desk

pytestmark = pytest.mark.engines("sqlite")  # what is said, not how it is stored

ROUNDS = 6


class Machine:
    """A console that is given what arrives for it, round by round; no person touches it."""

    def __init__(self, made: TestDesk, address: str, folder: Path) -> None:
        self.made, self.address, self.folder = made, address, folder
        made.desk.settings = made.desk.settings.model_copy(update={"mail_from": address})
        self._seen: set[Path] = set()
        folder.mkdir()

    def form_names(self, address: str) -> None:
        line = {
            "type": "message",
            "id": f"f-{address}",
            "from": {"e-mail": address},
            "subject": "Hello",
            "text": "Hello",
            "channel": "form",
        }
        file = self.folder / "form.jsonl"
        file.write_text(json.dumps(line), "utf-8")
        import_jsonl(operator_session(self.made.desk), file)

    def take(self, *mails: EmailMessage) -> None:
        for at, mail in enumerate(mails):
            file = self.folder / f"{at}.eml"
            file.write_bytes(mail.as_bytes(policy=policy.SMTP))
            import_mail(operator_session(self.made.desk), [file])

    def says(self) -> list[EmailMessage]:
        """What it has written since this was asked last."""
        self.made.clock.forward(minutes=10)
        keep_up(self.made.desk)
        outbox = self.made.desk.settings.outbox
        assert outbox is not None
        new = sorted(set(outbox.glob("*.eml")) - self._seen)
        self._seen.update(new)
        return [BytesParser(EmailMessage, policy=policy.default).parsebytes(file.read_bytes()) for file in new]


@pytest.fixture
def here(test_desk: TestDesk, tmp_path: Path) -> Machine:
    return Machine(test_desk, "service@here.example", tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Machine:
    made = make_desk(tmp_path / "other desk")
    return Machine(made, "service@there.example", tmp_path / "there")


def test_two_consoles_whose_forms_name_each_other_end_at_once(here: Machine, there: Machine) -> None:
    """Anyone can type any address into a form, a desk's own too."""
    here.form_names(there.address)
    there.form_names(here.address)
    said = []
    for _ in range(ROUNDS):
        ours, theirs = here.says(), there.says()
        said.append((len(ours), len(theirs)))
        there.take(*ours)
        here.take(*theirs)
    assert said == [(1, 1)] + [(0, 0)] * (ROUNDS - 1)


def test_a_console_does_not_answer_the_acknowledgement_of_another(here: Machine, there: Machine) -> None:
    here.form_names(there.address)
    said = []
    for _ in range(ROUNDS):
        ours, theirs = here.says(), there.says()
        said.append((len(ours), len(theirs)))
        there.take(*ours)
        here.take(*theirs)
    assert said == [(1, 0)] + [(0, 0)] * (ROUNDS - 1)


def answer_of_a_machine(mail: EmailMessage, number: int, **headers: str) -> EmailMessage:
    answer = EmailMessage(policy=policy.default)
    answer["From"], answer["To"] = str(mail["to"]), str(mail["from"])
    answer["Subject"] = f"Re: {mail['subject']}"
    answer["Message-ID"], answer["In-Reply-To"] = f"<{number}@machine.example>", str(mail["message-id"])
    for name, value in headers.items():
        answer[name.replace("_", "-")] = value
    answer.set_content("I am away. Your message is important to us.")
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"Precedence": "bulk"},
        {},  # one that says nothing of itself and answers whatever comes, as many times
    ],
)
def test_a_machine_that_answers_everything_is_answered_by_no_machine_of_ours(
    here: Machine, headers: dict[str, str]
) -> None:
    here.form_names("away@machine.example")
    said, number = [], 0
    for _ in range(ROUNDS):
        ours = here.says()
        said.append(len(ours))
        for mail in ours:
            assert mail["auto-submitted"] == "auto-replied"
            number += 1
            here.take(answer_of_a_machine(mail, number, **headers))
        number += 1  # and it writes by itself too, each time from another address
        here.take(answer_of_a_machine(stray(number), number, **headers))
    assert said == [1] + [0] * (ROUNDS - 1)


def stray(number: int) -> EmailMessage:
    """A mail that we never wrote."""
    mail = EmailMessage(policy=policy.default)
    mail["From"], mail["To"], mail["Subject"] = "service@here.example", f"away.{number}@machine.example", "News"
    mail["Message-ID"] = f"<never.{number}@here.example>"
    return mail
