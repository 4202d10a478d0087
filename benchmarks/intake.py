"""Intake from mbox files beside the standard library parsing the same mail and one durable insert each."""

import email
import email.policy
import mailbox
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from statistics import mean
from time import perf_counter_ns

from benchmarks.result import Result, compare
from benchmarks.scratch import scratch_desk
from cs_console.desk import DeskSession, operator_session
from cs_console.intake.batches import MOST
from cs_console.intake.intake import import_mail
from models.columns import EPOCH

MAILS = 2_000
PER_BOX = 20
WARM_UP_BOXES = 10
SAME_BATCH = 200_000
"""Nanoseconds between two reports of one batch at most; filing one takes several times as long."""
TURN = 100
"""Boxes that each side takes in before it is the other's turn."""

_WITH_NUMBERS = (
    "I ordered a lamp on 3 November and the parcel has not arrived, although the tracker says it was delivered.",
    "My order number is 8834-2291-04, the total was 249,00 EUR and I paid by card on the same day.",
    "You can reach me on +49 30 901820 in the morning, or write to me at this address.",
    "Kindly delete my personal information, including the address and the old phone number 13800138000.",
    "我的账户昨天被锁定了，手机号码是 138 0013 8000，请尽快帮我恢复，谢谢。",
    "Ich habe das Paket am Montag zurückgeschickt; die Sendungsnummer ist 00340434161094042557.",
    "Adjunto la factura; mi número es +34 912 345 678 y prefiero que me escriban por la tarde.",
    "There was a strange link in the message, http://prize.example.net/claim?id=77, and I did not open it.",
)
_PLAIN = (
    "Please tell me what you need from me; I have already sent two screenshots last week.",
    "The app closed by itself while I was changing my password, and now it says that my account is locked.",
    "Le colis est arrivé ouvert et il manque la moitié des articles, merci de me rembourser.",
    "I have been a customer of yours for many years and never had any trouble until now.",
    "The colleague on the phone was friendly but could not tell me who decides about it.",
    "Leider habe ich seitdem nichts mehr von Ihnen gehört und mache mir langsam Sorgen.",
    "If this cannot be settled by the end of the month, I would rather have my money back.",
    "客服说会回电话给我，但是一直没有人联系我，我觉得很失望。",
    "Could you also explain why the page for complaints was not to be found anywhere?",
    "Thank you for your help, and have a good day.",
)
_NAMES = ("Alice Example", "Li Wei", "Jürgen Müller", "Zoë Dupont", "Carlos García", "Wang Fang", "Ana Lima")


def run(mails: int = MAILS) -> Iterator[Result]:
    """`size` is the number of mails; times are per mail. Redaction is included, and a fifth of them are follow-ups.

    Mail is reported once it is committed, a batch at once: each of a batch's mails took its part of the batch's time.
    So do the baseline's, fifty at a time, though it commits each: else its median would leave out what few mails cost.
    """
    with tempfile.TemporaryDirectory(prefix="cs-console-bench-") as folder, scratch_desk() as desk:
        boxes = _write_boxes(Path(folder), mails + WARM_UP_BOXES * PER_BOX)
        session = operator_session(desk)
        ours: list[float] = []
        theirs: list[float] = []
        with _plain_store(Path(folder)) as store:
            _import_times(session, boxes[:WARM_UP_BOXES])
            for box in boxes[:WARM_UP_BOXES]:
                _baseline_times(store, box)
            for start in range(WARM_UP_BOXES, len(boxes), TURN):
                turn = boxes[start : start + TURN]
                ours += _import_times(session, turn)
                each = [time for box in turn for time in _baseline_times(store, box)]
                theirs += [
                    mean(part) for at in range(0, len(each), MOST) for part in [each[at : at + MOST]] for _ in part
                ]
        rate = len(ours) * 1000 / sum(ours)
        yield compare("intake", mails, ours, theirs, mails_per_second=round(rate), mean_ratio=_means(ours, theirs))


def _means(ours: list[float], theirs: list[float]) -> float:
    return round(sum(ours) / len(ours) / (sum(theirs) / len(theirs)), 3)


def _import_times(session: DeskSession, boxes: list[Path]) -> list[float]:
    """Milliseconds a mail, from commit to commit; starting, and the entry about the run, are shared out among all."""
    began = perf_counter_ns()
    marks: list[tuple[int, int]] = []
    """When a batch was reported, and how many mails of it."""

    def reported(_done: int, _total: int) -> None:
        now = perf_counter_ns()
        if marks and now - marks[-1][0] < SAME_BATCH:
            marks[-1] = (now, marks[-1][1] + 1)
        else:
            marks.append((now, 1))

    counts = import_mail(session, boxes, reported)
    share = (perf_counter_ns() - marks[-1][0]) / counts.read
    if counts.opened + counts.appended != counts.read:
        raise RuntimeError(f"not every mail was taken in: {counts}")
    starts = [began, *(at for at, _ in marks)]
    return [
        ((at - before) / number + share) / 1e6
        for before, (at, number) in zip(starts, marks, strict=False)
        for _ in range(number)
    ]


def _baseline_times(store: sqlite3.Connection, box: Path) -> list[float]:
    times = []
    opened = mailbox.mbox(box)
    for key in opened.iterkeys():
        began = perf_counter_ns()
        parsed = email.message_from_bytes(opened.get_bytes(key), policy=email.policy.default)
        body = parsed.get_body(("plain", "html"))
        row = (str(parsed["From"]), str(parsed["Subject"]), "" if body is None else body.get_content())
        store.execute("INSERT INTO mail (sender, subject, body) VALUES (?, ?, ?)", row)
        times.append((perf_counter_ns() - began) / 1e6)
    opened.close()
    return times


@contextmanager
def _plain_store(folder: Path) -> Iterator[sqlite3.Connection]:
    store = sqlite3.connect(folder / "plain.db", isolation_level=None)
    try:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("PRAGMA synchronous=FULL")
        store.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, sender TEXT, subject TEXT, body TEXT)")
        yield store
    finally:
        store.close()


def _write_boxes(folder: Path, mails: int) -> list[Path]:
    """Ordinary mail, 20 to an mbox: about 1.3 KB of text with four numbers or links in it; a third have HTML, a fifth
    answer an earlier one."""
    chance = random.Random(1)
    boxes: list[Path] = []
    ids: list[tuple[str, str]] = []
    for start in range(0, mails, PER_BOX):
        path = folder / f"{start:06}.mbox"
        with path.open("wb") as box:
            for number in range(start, min(start + PER_BOX, mails)):
                made = _mail(chance, number, ids)
                box.write(b"From sender@example.org Sat Nov 21 09:12:00 2026\n" + made.as_bytes() + b"\n")
        boxes.append(path)
    return boxes


def _mail(chance: random.Random, number: int, ids: list[tuple[str, str]]) -> EmailMessage:
    made = EmailMessage()
    sender, reference = f"person{number}@mail{number % 50}.example.org", f"<{number}.bench@example.org>"
    if ids and chance.random() < 0.2:
        sender, answered = chance.choice(ids)
        made["In-Reply-To"] = answered
    ids.append((sender, reference))
    made["From"] = f"{chance.choice(_NAMES)} <{sender}>"
    made["To"] = "service@example.com"
    made["Subject"] = chance.choice(_PLAIN + _WITH_NUMBERS)[:60]
    made["Date"] = format_datetime(EPOCH.replace(year=2026, month=11, day=1))
    made["Message-ID"] = reference
    sentences = chance.choices(_PLAIN, k=11) + chance.choices(_WITH_NUMBERS, k=4)
    chance.shuffle(sentences)
    text = "\n".join(sentences)
    made.set_content(text)
    if chance.random() < 0.33:
        made.add_alternative(f"<html><body><p>{text.replace(chr(10), '</p><p>')}</p></body></html>", subtype="html")
    return made
