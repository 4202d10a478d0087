"""The sample's people and letters, read from their TOML files and turned into real mail and real account records."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from importlib.resources import files
from mimetypes import guess_type
from typing import Any

MAIL_DOMAIN = "hauthome.example"


@dataclass(frozen=True)
class Letter:
    """One mail that came in `age` before now."""

    age: timedelta
    who: str
    to: str
    subject: str
    text: str
    id: str = ""
    answers: str = ""
    files: tuple[str, ...] = ()
    """Names of the files in `attachments/` that came with it."""


def people() -> dict[str, dict[str, Any]]:
    """The invented people by key, with what the platform holds about each."""
    return _read("people.toml")


def letters() -> list[Letter]:
    """All letters, oldest first."""
    found = [_letter(**letter) for letter in _read("letters.toml")["letter"]]
    return sorted(found, key=lambda letter: -letter.age)


def _letter(age: float, files: Sequence[str] = (), **rest: str) -> Letter:
    return Letter(timedelta(hours=age), files=tuple(files), **rest)


def account_records(now: datetime) -> str:
    """The people's account data as JSON Lines, the form that `intake jsonl` reads."""
    lines = []
    for key, person in people().items():
        on_file = {name: person[name] for name in ("nickname", "name", "mobile", "e-mail", "address") if name in person}
        changed = now - timedelta(days=float(person["days"]))
        record = {
            "type": "requester",
            "account": key,
            "language": person["language"],
            "on_file": on_file,
            "changed_at": changed.isoformat(),
        }
        lines.append(json.dumps(record, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def as_mail(letter: Letter, number: int, at: datetime) -> bytes:
    """The letter as it would have arrived at `at`."""
    person = people().get(letter.who)
    mail = EmailMessage(policy=SMTP)
    sender = formataddr((person["name"], person["e-mail"])) if person else letter.who
    mail["From"] = sender
    mail["To"] = f"{letter.to}@{MAIL_DOMAIN}"
    # a header cannot carry control characters, but a hostile sender's encoded word can
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = _message_id(letter.id or str(number))
    if letter.answers:
        mail["In-Reply-To"] = _message_id(letter.answers)
    mail.set_content(letter.text, charset="utf-8")
    for name in letter.files:
        general, _, special = (guess_type(name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(sample_file(name), maintype=general, subtype=special, filename=name)
    return mail.as_bytes()


def sample_file(name: str) -> bytes:
    """One of the sample's files."""
    return files(__package__).joinpath("attachments", name).read_bytes()


def _message_id(key: str) -> str:
    return f"<sample-{key}@mail.example>"


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))
