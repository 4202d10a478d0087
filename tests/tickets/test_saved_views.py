"""Views that people keep: their own and the team's, counted like any other, without free words and without people."""

import pytest

from cs_console.errors import BadInput, NotAllowed, NothingThere
from cs_console.tickets.filters import Filter, parse
from cs_console.tickets.queue import ViewCount, page
from cs_console.tickets.queue_query import Sort
from cs_console.tickets.saved_views import MOST_OF_ONE, count_kept, keep_view, kept_views, remove_view, views_beside
from models.enums import Action, TicketKind
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


def test_a_view_of_ones_own_is_seen_by_no_one_else(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    view_id = keep_view(mei, "Appeals", "all", parse("kind:appeal -assignee:none"), Sort.RECEIVED)
    (kept,) = kept_views(mei)
    assert (kept.id, kept.name, kept.within, kept.sort) == (view_id, "Appeals", "all", Sort.RECEIVED)
    assert kept.asked == parse("kind:appeal -assignee:none")
    assert kept_views(sam) == ()
    assert recorded(test_desk.desk, Action.VIEW_SAVED) == []
    with pytest.raises(NothingThere):
        remove_view(sam, view_id)
    remove_view(mei, view_id)
    assert kept_views(mei) == ()


def test_a_shared_view_is_the_teams_means_whoever_asks_and_is_on_record(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=mei)
    for _ in range(2):
        make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=sam)
    make_ticket(test_desk, assignee=sam)
    view_id = keep_view(mei, "My appeals", "mine", parse("kind:appeal assignee:me"), shared=True)
    counted = {one.agent.name: count_kept(one, kept_views(one)) for one in (mei, sam)}
    assert counted == {"mei": (ViewCount(view_id, 1, False),), "sam": (ViewCount(view_id, 2, False),)}
    (kept,) = kept_views(sam)
    assert not kept.mine
    assert len(page(sam, kept.within, kept.asked).rows) == 2
    with pytest.raises(NotAllowed):
        remove_view(sam, view_id)
    remove_view(test_desk.session("sue", Role.SUPERVISOR), view_id)
    assert kept_views(mei) == ()
    assert len(recorded(test_desk.desk, Action.VIEW_SAVED)) == len(recorded(test_desk.desk, Action.VIEW_REMOVED)) == 1


def test_a_shared_view_that_another_of_its_name_replaces_is_removed_on_record(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    keep_view(mei, "Reports", "all", parse("kind:report"), shared=True)
    keep_view(mei, "Reports", "all", parse("kind:appeal"))
    keep_view(mei, "Reports", "all", parse("kind:report"))
    assert kept_views(test_desk.session("sam", Role.AGENT)) == ()
    assert len(recorded(test_desk.desk, Action.VIEW_REMOVED)) == 1


def test_a_view_that_cannot_be_counted_keeps_no_other_from_being_counted(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    make_ticket(test_desk)
    for name, expression in (
        ("A", "assignee:someone"),
        ("B", "state:closed"),
        ("C", "kind:inquiry"),
        ("D", "tag:gone"),
    ):
        keep_view(mei, name, "all", parse(expression), shared=True)
    assert [(one.count, one.more) for one in count_kept(mei, kept_views(mei))] == [(1, False)]


def test_the_same_name_replaces_and_there_is_a_limit(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    for expression in ("kind:appeal", "kind:report"):
        keep_view(mei, "One", "all", parse(expression))
    assert [one.expression for one in kept_views(mei)] == ["kind:report"]
    for at in range(MOST_OF_ONE - 1):
        keep_view(mei, f"View {chr(97 + at)}", "all", Filter())
    with pytest.raises(BadInput, match="too many"):
        keep_view(mei, "One more", "all", Filter())
    assert len(kept_views(mei)) == MOST_OF_ONE


@pytest.mark.parametrize("name", ["", "   ", "x" * 25, "alice@example.org", "+86 138 0013 8000"])
def test_a_name_holds_nothing_about_a_person(sqlite_desk: TestDesk, name: str) -> None:
    with pytest.raises(BadInput):
        keep_view(sqlite_desk.session("mei", Role.AGENT), name, "all", Filter())


def test_only_terms_are_kept_and_only_views_that_there_are(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    keep_view(mei, "Words", "all", parse("kind:appeal alice smith"))
    assert kept_views(mei)[0].expression == "kind:appeal"
    with pytest.raises(BadInput):
        keep_view(mei, "Nowhere", "theirs", Filter())
    with pytest.raises(NotAllowed):
        kept_views(sqlite_desk.session("root", Role.ADMIN))


def test_a_policys_views_come_first_find_tickets_and_lend_no_one_their_names(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    make_ticket(test_desk, kind=TicketKind.COMPLAINT, assignee=mei)
    free = make_ticket(test_desk, kind=TicketKind.COMPLAINT)
    own = keep_view(mei, "A first one", "all", parse("kind:report"))
    *policys, last = views_beside(mei)
    assert [one.name for one in policys] == [one.name for one in test_desk.desk.packs.current.views]
    assert policys
    assert (last.id, last.of_pack) == (own, False)
    view = next(one for one in policys if "assignee:none" in one.expression and "complaint" in one.expression)
    assert [row.number for row in page(mei, view.within, view.asked, sort=view.sort).rows] == [free.number]
    assert ViewCount(view.id, 1, False) in count_kept(mei, tuple(policys))
    with pytest.raises(BadInput):
        keep_view(mei, view.name.upper(), "all", Filter())
    with pytest.raises(NothingThere):
        remove_view(mei, view.id)
