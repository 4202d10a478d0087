"""What the sample desk's people did on those days, so that a newcomer finds every state of the work."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from cs_console.access_log import review
from cs_console.access_log.log_filter import LogFilter
from cs_console.casework import conversation, workflow
from cs_console.custody import disclosure
from cs_console.custody.disclosure import Target
from cs_console.decisions import approval, checklist
from cs_console.decisions.checklist import Answer, Finding, Proposal
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from cs_console.independence.matters import name_matter
from cs_console.sample.accounts import ACCOUNTS
from cs_console.sample.story import Story
from cs_console.settlements.settling import settle
from cs_console.settlements.settling_rules import Settling
from cs_console.staff import sign_in
from cs_console.verification import codes
from models.contact_fields import Field
from models.enums import Outcome, Priority, TicketState

_CODE = re.compile(r"\b[0-9]{8}\b")


@contextmanager
def shift(story: Story, name: str) -> Iterator[DeskSession]:
    """Sign in, work, sign out."""
    session = story.session_of(name)
    yield session
    sign_in.sign_out(session)


def item_of(session: DeskSession, number: int, field: Field) -> str:
    """The first contact of that field on the ticket."""
    return next(contact.id for contact in conversation.reload(session, number).contacts if contact.field is field)


def verify(story: Story, session: DeskSession, number: int, field: Field, *, slip: bool = False) -> None:
    """Send a code, read it on the requester's phone (the outbox), and type it, once wrongly first for a slip."""
    option = next(option for option in codes.options(session, number) if option.field is field and option.allowed)
    codes.send_code(session, number, option.contact_id)
    folder = story.desk.settings.outbox
    assert folder is not None  # a sample desk always has one
    newest = max(folder.iterdir(), key=lambda file: file.name)
    code = _CODE.findall(newest.read_text("utf-8"))[-1]
    if slip:
        with suppress(ConsoleError):
            codes.check_code(session, number, f"{(int(code) + 1) % 10**8:08}")
    codes.check_code(session, number, code)


def look_at(session: DeskSession, number: int, field: Field, purpose: str, seconds: int) -> None:
    """Reveal one field and hide it again after some seconds."""
    target = Target(field, item_of(session, number, field))
    disclosure.end_view(session, disclosure.reveal(session, number, target, purpose), seconds)


def locked_account(story: Story) -> None:
    number = story.numbers["lock"]
    with shift(story, "mei") as session:
        conversation.open_ticket(session, number)
        workflow.claim(session, number)
        with suppress(ConsoleError):  # too early: it is refused, and the refusal is on record
            look_at(session, number, Field.MOBILE, "restore", 0)
        view = conversation.reload(session, number)
        conversation.add_note(session, number, view.version, "Asked for verification before unlocking.")
        verify(story, session, number, Field.MOBILE)
        look_at(session, number, Field.MOBILE, "restore", 14)


def coupon(story: Story) -> None:
    number = story.numbers["coupon"]
    with shift(story, "mei") as session:
        conversation.open_ticket(session, number)
        version = workflow.claim(session, number)
        answer = "Thank you for writing. The coupon needs a basket of 30 or more; we have applied it by hand."
        conversation.reply(session, number, version, item_of(session, number, Field.EMAIL), answer)


def scam_report(story: Story) -> None:
    number = story.numbers["scam"]
    with shift(story, "mei") as session:
        conversation.open_ticket(session, number)
        version = workflow.claim(session, number)
        workflow.set_priority(session, number, version, Priority.HIGH)


def old_requests(story: Story) -> None:
    """Verified weeks ago and still not answered: one is late, one is nearly due."""
    with shift(story, "mei") as session:
        for key in ("old-access", "old-correct"):
            if key in story.numbers and conversation.reload(session, story.numbers[key]).state is TicketState.TO_VERIFY:
                workflow.claim(session, story.numbers[key])
                verify(story, session, story.numbers[key], Field.EMAIL)


def access_granted(story: Story) -> None:
    number = story.numbers["access"]
    with shift(story, "mei") as session:
        conversation.open_ticket(session, number)
        workflow.claim(session, number)
        verify(story, session, number, Field.EMAIL, slip=True)
        look_at(session, number, Field.NAME, "answer-right", 6)
        proposal = Proposal(request="access", outcome=Outcome.GRANT, granted=("account", "orders", "devices"))
        _propose(session, number, proposal)


def _propose(session: DeskSession, number: int, proposal: Proposal) -> checklist.Proposed:
    """Put on record what is asked, which in these scenes is just what is answered, and propose the answer."""
    covered = {field for finding in proposal.findings for field in finding.fields}
    checklist.record_asked(session, number, proposal.request, {*proposal.granted, *covered})
    return checklist.propose(session, number, conversation.reload(session, number).version, proposal)


def answered_before(story: Story) -> None:
    """The request that a later one repeats."""
    number = story.numbers["partners-before"]
    with shift(story, "mei") as session:
        workflow.claim(session, number)
        verify(story, session, number, Field.EMAIL)
        proposal = Proposal(request="access", outcome=Outcome.GRANT, granted=("account", "browsing"))
        _propose(session, number, proposal)


def deletion_in_part(story: Story) -> None:
    """Most is deleted, what lies on backup media is not: waits for a supervisor."""
    number = story.numbers["delete"]
    with shift(story, "mei") as session:
        conversation.open_ticket(session, number)
        workflow.claim(session, number)
        verify(story, session, number, Field.MOBILE)
        now = story.clock.now()
        answers = {
            "medium": "Weekly backup tapes kept off site",
            "overwritten": f"{now.year + 1}-02-28",
            "live": "yes",
            "offer": "She was offered confirmation once the tapes are overwritten, and agreed",
        }
        finding = Finding(
            ground="D4",
            applies=True,
            fields=("backups",),
            answers=tuple(Answer(question, text, now) for question, text in answers.items()),
            evidence=("Restoration note 14: four days of work for one account",),
            offers=("narrower",),
        )
        granted = ("account", "orders", "browsing", "location", "devices", "published")
        proposal = Proposal(request="delete", outcome=Outcome.PARTIAL, granted=granted, findings=(finding,))
        _propose(session, number, proposal)


def repeated_request(story: Story) -> None:
    """Refused in part because it repeats an earlier one; the supervisor agreed."""
    number = story.numbers["partners"]
    with shift(story, "mei") as session:
        workflow.claim(session, number)
        verify(story, session, number, Field.EMAIL)
        now = story.clock.now()
        answers = {
            "scope": "yes",
            "changed": "no",
            "interval": "The same question was answered three weeks ago in full",
            "offer": "No reply to the offer of a narrower request",
        }
        finding = Finding(
            ground="D1",
            applies=True,
            fields=("browsing",),
            answers=tuple(Answer(question, text, now) for question, text in answers.items()),
            evidence=(str(story.numbers["partners-before"]),),
            offers=("narrower",),
        )
        proposal = Proposal(request="access", outcome=Outcome.PARTIAL, granted=("account",), findings=(finding,))
        decision = _propose(session, number, proposal).decision_id
    with shift(story, "omar") as session:
        password = next(account.password for account in ACCOUNTS if account.name == "omar")
        approval.approve(session, decision, password)


def legal_review(story: Story) -> None:
    """A ground that must not be known: everybody but privacy officers reads "legal review"."""
    number = story.numbers["review"]
    with shift(story, "mei") as session:
        workflow.claim(session, number)
        verify(story, session, number, Field.MOBILE)
        now = story.clock.now()
        answers = {"stage": "Under way", "prejudice": "yes", "until": f"{now.year + 1}-06-30"}
        finding = Finding(
            ground="S3",
            applies=True,
            fields=("account", "orders"),
            answers=tuple(Answer(question, text, now) for question, text in answers.items()),
            evidence=("Letter in the legal folder, item 7",),
        )
        proposal = Proposal(request="access", outcome=Outcome.REFUSE, findings=(finding,))
        _propose(session, number, proposal)


def fake_site(story: Story) -> None:
    """A report without anybody's data: looked into, acted on, and the reporter told."""
    number = story.numbers["fake-site"]
    with shift(story, "mei") as session:
        conversation.open_ticket(session, number)
        version = workflow.claim(session, number)
        answers = {
            "what": "A site that copies our sign-in page and asks for passwords",
            "third": "no",
            "found": "The page is a copy of ours; its host was told and took it down the same day",
        }
        settle(session, number, version, Settling("acted", answers))


def appeal_against_refusal(story: Story) -> None:
    """Tom appeals against what mei proposed and omar approved: ines, who had no part in it, looks at it again."""
    number = story.numbers["partners-appeal"]
    with shift(story, "mei") as session:
        conversation.open_ticket(session, number)
        verify(story, session, number, Field.EMAIL)
        version = name_matter(session, number, about_number=story.numbers["partners"]).version
        conversation.add_note(
            session, number, version, "Not for me or omar: we answered the request that this is about."
        )
    with shift(story, "omar") as session:
        workflow.assign(session, number, conversation.reload(session, number).version, "ines")


def complaint_about_an_answer(story: Story) -> None:
    """Grace complains of how her coupon was handled: omar, who had no part in it, owns it."""
    number = story.numbers["coupon-complaint"]
    with shift(story, "omar") as session:
        conversation.open_ticket(session, number)
        version = name_matter(session, number, about_number=story.numbers["coupon"]).version
        workflow.assign(session, number, version, "omar")


def read_the_log(story: Story) -> None:
    with shift(story, "omar") as session:
        review.entries(session, LogFilter(agent="mei"))


def check_the_log(story: Story) -> None:
    with shift(story, "omar") as session:
        review.verify_for(session, None)


def slip_at_sign_in(story: Story) -> None:
    with suppress(ConsoleError):
        sign_in.sign_in(story.desk, "omar", "the wrong password, typed in a hurry")
    with shift(story, "ines"):
        pass


SCENES: tuple[tuple[float, Callable[[Story], None]], ...] = (
    (810.0, old_requests),
    (690.0, old_requests),
    (580.0, answered_before),
    (118.6, locked_account),
    (117.5, coupon),
    (115.5, scam_report),
    (98.0, read_the_log),
    (95.5, access_granted),
    (87.0, repeated_request),
    (84.0, fake_site),
    (61.0, slip_at_sign_in),
    (43.0, appeal_against_refusal),
    (41.0, deletion_in_part),
    (35.0, complaint_about_an_answer),
    (25.0, check_the_log),
    (6.0, legal_review),
)
"""Hours before now, and what happened then."""
