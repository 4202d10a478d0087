"""What entries say to people: true, from typed fields, without codes, and nothing of a view is ever folded."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cs_console.access_log.action_words import VIEWS
from cs_console.access_log.review import EntryView
from cs_console.access_log.sentences import ROUTINE, reason_of, sentence_of, sentence_of_many
from models.enums import Action, Result

ENTRY = EntryView(
    seq=1,
    at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    actor="mei",
    roles="agent",
    session="",
    host="desk-1",
    action=Action.FIELD_REVEALED.value,
    ticket=10_006,
    requester="ab12cd34ef56ab78",
    fields="mobile",
    purpose="reply",
    verification="",
    outcome=Result.DONE.value,
    seconds=None,
    reason="",
    about=None,
    alias="quiet otter 417",
)


def entry(action: Action, **changed: object) -> EntryView:
    return replace(ENTRY, action=action.value, **changed)  # type: ignore[arg-type]  # fields of the same types


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (ENTRY, "saw the mobile of quiet otter 417"),
        (entry(Action.REVEAL_REFUSED, outcome="refused"), "was refused the mobile of quiet otter 417"),
        (entry(Action.VIEW_ENDED, seconds=14), "hid the mobile of quiet otter 417 after 14 s"),
        (entry(Action.FIELD_REVEALED, alias=""), "saw the mobile of an erased requester"),
        (entry(Action.CONTACT_CHANGED, fields="name,e-mail"), "changed the name and e-mail of quiet otter 417"),
        (entry(Action.CONTACT_CHANGED, fields="name,e-mail,mobile"), "changed the 3 contacts of quiet otter 417"),
        (entry(Action.TICKET_OPENED), "opened the ticket"),
        (entry(Action.TICKET_CREATED, requester=None, alias=""), "took in a ticket"),
        (entry(Action.ACCOUNT_CHANGED, outcome="refused"), "was refused: changed an account"),
        (entry(Action.SIGN_IN_FAILED, outcome="refused"), "failed to sign in"),
    ],
)
def test_an_entry_is_a_sentence_about_its_actor(of: EntryView, said: str) -> None:
    assert sentence_of(of) == said


def test_what_another_version_wrote_is_shown_as_it_is() -> None:
    assert sentence_of(replace(ENTRY, action="ticket.frozen")) == "ticket.frozen"


@pytest.mark.parametrize("action", Action)
def test_every_action_is_told_without_codes_and_no_refusal_as_done(action: Action) -> None:
    done, refused = entry(action, seconds=3), entry(action, outcome="refused", seconds=3)
    assert action.value not in sentence_of(done) and "{" not in sentence_of(done)
    assert "refused" in sentence_of(refused) + reason_of(refused)


def test_no_view_or_refusal_is_routine() -> None:
    assert not ROUTINE & {*VIEWS, Action.REVEAL_REFUSED, Action.SIGN_IN_FAILED}


def test_several_entries_are_told_together_oldest_first() -> None:
    opened = tuple(entry(Action.TICKET_OPENED, ticket=number) for number in (10_001, 10_002, 10_001))
    assert sentence_of_many((entry(Action.MESSAGE_SENT), *opened)) == "opened 2 tickets, sent a message"
    assert sentence_of_many((opened[0], opened[2])) == "opened the ticket 2 times"


def test_a_reason_is_read_without_its_code() -> None:
    assert reason_of(replace(ENTRY, outcome="refused", reason="not_verified")) == "refused: not verified"
    assert reason_of(replace(ENTRY, outcome="refused", reason="sign_in_refused")) == "sign in refused"
    assert reason_of(replace(ENTRY, reason="unassigned -> ines")) == "unassigned to ines"
    adopted = entry(Action.POLICY_ADOPTED, reason="own-2026 7ed17cdec88796b9, by the setting")
    assert reason_of(adopted) == "own-2026, by the setting"
    assert reason_of(adopted, {"own-2026": "Our policy"}) == "Our policy, by the setting"
    assert reason_of(entry(Action.DESK_CREATED, reason="7318c9eb8fd84530a73e5e857f53c794")) == ""
    typed = "device 7318c9eb8fd84530"
    assert reason_of(replace(ENTRY, reason=typed)) == typed, "what people type stays"
    order = "it is about order 202611300045"
    assert reason_of(replace(ENTRY, reason=order)) == order, "a long number is someone's words"
