"""When an answer is due, computed from what happened; every number comes from the ticket's pack (policy V.4, IX)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cs_console.policy.clock_rules import ClockRules
from cs_console.policy.days_off import after_working_days, is_working_day, next_working_day
from cs_console.policy.schema import Pack
from models.enums import ClockMove, TicketKind


class Step(StrEnum):
    """What moves a clock. Those that stand in no other table are clock events."""

    RECEIVED = "received"
    VERIFIED = "requester verified"
    RESPONDED = "first response given"
    DECIDED = "decision made"
    IDENTITY_ASKED = ClockMove.IDENTITY_ASKED.value
    FEE_ASKED = ClockMove.FEE_ASKED.value
    FEE_PAID = ClockMove.FEE_PAID.value
    FEE_UNPAID = ClockMove.FEE_UNPAID.value
    WENT_ON = ClockMove.WENT_ON.value
    EXTENDED = ClockMove.EXTENDED.value
    REVIEWED = ClockMove.REVIEWED.value
    ESCALATED = ClockMove.ESCALATED.value
    PACK_MOVED = ClockMove.PACK_MOVED.value


class Since(StrEnum):
    """What the term counts from."""

    RECEIPT = "receipt"
    VERIFICATION = "verification"
    REVIEW = "the review"


class StopCause(StrEnum):
    """Why the clock is stopped."""

    IDENTITY = "identity"
    FEE = "a fee"


@dataclass(frozen=True, slots=True)
class Happened:
    """One step, when it came (UTC), and until when a decision is valid."""

    step: Step
    at: datetime
    review_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The clock stood still; `ended` is None while it does."""

    cause: StopCause
    begun: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Clock:
    """One ticket's clock now. Moments are UTC.

    `starts` is None while a moment that starts it is missing, `ends` also while it is stopped; `term_ends` is the
    same without the extension. `due` is the end of a term in which no answer was given yet. `stops` and all that
    belong to the present round: a review restarts the clock. A kind that ends without a decision has the date of
    its first response alone. `next` is what is waited for. `fee_asked`: when the fee was asked for that was not
    paid yet, whether the clock is stopped for it or runs.
    """

    received: datetime
    decides: bool
    since: Since
    starts: datetime | None
    stops: tuple[Stop, ...]
    extended: datetime | None
    term_ends: datetime | None
    ends: datetime | None
    answered: datetime | None
    due: datetime | None
    first_response_due: datetime
    responded: datetime | None
    review: datetime | None
    escalated: datetime | None
    fee_asked: datetime | None
    next: datetime | None

    @property
    def stopped(self) -> Stop | None:
        """The stop that has not ended."""
        return self.stops[-1] if self.stops and self.stops[-1].ended is None else None


def clock_of(pack: Pack, kind: TicketKind, happened: Iterable[Happened]) -> Clock:
    """The clock of a ticket of this kind under this pack, after what happened, in whatever order it is told.

    It looks at nothing else, so the same steps always give the same dates. One step is the receipt.
    Raises BadPack for a pack whose holidays are unknown.
    """
    steps = sorted(happened, key=lambda one: one.at)
    received = _first(steps, Step.RECEIVED)
    assert received is not None  # a ticket exists because something was received
    decides = pack.kinds[kind].needs_decision
    verified, responded = _first(steps, Step.VERIFIED), _first(steps, Step.RESPONDED)
    reviewed = _last(steps, Step.REVIEWED)
    begun = max(received, reviewed or received)
    starts, since = _start(pack.clock, begun, verified, reviewed) if decides else (None, Since.RECEIPT)
    since_begun = [one for one in steps if one.at >= begun]
    stops = () if starts is None else _stops(pack.clock, starts, verified, since_begun)
    extended = _first(since_begun, Step.EXTENDED) if starts is not None and pack.clock.extension else None
    ends = _end(pack.clock, starts, stops, extended=extended is not None)
    answered = _answered(since_begun)
    due = ends if answered is None else None
    first_due = first_response_due(pack, kind, received)
    review = _review(steps, reviewed)
    owed = responded is None and (starts is not None or not decides)
    return Clock(
        received=received,
        decides=decides,
        since=since,
        starts=starts,
        stops=stops,
        extended=extended,
        term_ends=_end(pack.clock, starts, stops, extended=False),
        ends=ends,
        answered=answered,
        due=due,
        first_response_due=first_due,
        responded=responded,
        review=review,
        escalated=_last(steps, Step.ESCALATED),
        fee_asked=_fee_asked(since_begun),
        next=due or (first_due if owed else review),
    )


def first_response_due(pack: Pack, kind: TicketKind, received: datetime) -> datetime:
    """The same time of day, so many working days after the request came in (policy IX, "promptly"). Raises BadPack."""
    local = received.astimezone(pack.clock.zone)
    day = after_working_days(pack.clock, local.date(), pack.kinds[kind].first_response_working_days)
    return datetime.combine(day, local.timetz()).astimezone(UTC)


def follow_up_due(pack: Pack, written: datetime) -> datetime | None:
    """The same for what the requester wrote on an open ticket; None where the pack gives it no date. Raises BadPack."""
    days = pack.clock.follow_up_working_days
    if days is None:
        return None
    local = written.astimezone(pack.clock.zone)
    day = after_working_days(pack.clock, local.date(), days)
    return datetime.combine(day, local.timetz()).astimezone(UTC)


def is_escalated(clock: Clock, due: datetime | None) -> bool:
    """Whether the date that the ticket is waited for has passed and supervisors were told so since."""
    return due is not None and clock.escalated is not None and clock.escalated >= due


def stopped_for(rules: ClockRules, stop: Stop) -> timedelta:
    """By how much a stop that has ended moves the due date: to the minute, or by whole days where months count."""
    ended = stop.ended or stop.begun
    if rules.respond_months is None:
        return ended - stop.begun
    return ended.astimezone(rules.zone).date() - stop.begun.astimezone(rules.zone).date()


def moved_to_working_day(rules: ClockRules, clock: Clock) -> bool:
    """Whether the term would have ended on a day off."""
    if clock.ends is None or clock.starts is None or not rules.ends_on_working_day:
        return False
    counted = _counted_end(rules, clock.starts, clock.stops, extended=clock.extended is not None)
    return not is_working_day(rules, counted.astimezone(rules.zone).date())


def _first(steps: list[Happened], step: Step) -> datetime | None:
    return next((one.at for one in steps if one.step is step), None)


def _last(steps: list[Happened], step: Step) -> datetime | None:
    return next((one.at for one in reversed(steps) if one.step is step), None)


def _start(
    rules: ClockRules, begun: datetime, verified: datetime | None, reviewed: datetime | None
) -> tuple[datetime | None, Since]:
    moments = {"received": begun, "verified": verified}
    known = [moment for name in rules.starts if (moment := moments[name]) is not None]
    if len(known) < len(rules.starts):
        return None, Since.VERIFICATION
    starts = max(known)
    if starts == verified and "verified" in rules.starts:
        return starts, Since.VERIFICATION
    return starts, Since.RECEIPT if reviewed is None else Since.REVIEW


def _answered(steps: list[Happened]) -> datetime | None:
    """When the last answer was given; a request for a fee that is still waiting does not count."""
    fees = {one.at for one in steps if one.step is Step.FEE_ASKED}
    return next((one.at for one in reversed(steps) if one.step is Step.DECIDED and one.at not in fees), None)


def _review(steps: list[Happened], reviewed: datetime | None) -> datetime | None:
    """The review date of the newest decision, unless that review has begun."""
    newest = next((one for one in reversed(steps) if one.step is Step.DECIDED), None)
    if newest is None or newest.review_at is None or (reviewed is not None and reviewed >= newest.review_at):
        return None
    return newest.review_at


def _fee_asked(steps: list[Happened]) -> datetime | None:
    """When the fee was asked for that can still be paid: also late, where the request is opened again for it."""
    asked = _last(steps, Step.FEE_ASKED)
    if asked is None:
        return None
    paid = any(one.step is Step.FEE_PAID and one.at >= asked for one in steps)
    return None if paid or any(one.step is Step.DECIDED and one.at > asked for one in steps) else asked


def _stops(rules: ClockRules, starts: datetime, verified: datetime | None, steps: list[Happened]) -> tuple[Stop, ...]:
    """The stops after the start, none over another; a clock that has not started, or whose term is over when proof of
    identity is asked for, cannot stand still for it.
    """
    found = []
    asked = _first(steps, Step.IDENTITY_ASKED)
    if rules.identity_stops and asked is not None and (verified is None or verified > asked):
        longer = any(one.step is Step.EXTENDED and one.at <= asked for one in steps) and rules.extension is not None
        ends = _end(rules, starts, (), extended=longer)
        if ends is None or asked <= ends:
            found.append(Stop(StopCause.IDENTITY, asked, verified))
    if rules.fee_stops:
        found += _fee_stops(steps)
    stops: list[Stop] = []
    for stop in sorted(found, key=lambda one: one.begun):
        floor = starts if not stops else stops[-1].ended
        if floor is None:  # it is already stopped
            break
        begun = max(stop.begun, floor)
        if stop.ended is None or stop.ended > begun:
            stops.append(Stop(stop.cause, begun, stop.ended))
    return tuple(stops)


def _fee_stops(steps: list[Happened]) -> list[Stop]:
    """From each fee that was asked for until it was paid or work went on, which it may have done at once."""
    went_on = [one.at for one in steps if one.step in {Step.WENT_ON, Step.FEE_PAID}]
    stops: list[Stop] = []
    for asked in (one.at for one in steps if one.step is Step.FEE_ASKED):
        if stops and ((ended := stops[-1].ended) is None or asked < ended):
            continue  # it stood still already
        later = [at for at in went_on if at >= asked and not (stops and at == stops[-1].ended)]
        stops.append(Stop(StopCause.FEE, asked, later[0] if later else None))
    return stops


def _end(rules: ClockRules, starts: datetime | None, stops: tuple[Stop, ...], *, extended: bool) -> datetime | None:
    """When the term ends, at the end of a working day where the pack says so; None if it is not known yet."""
    if starts is None or (stops and stops[-1].ended is None):
        return None
    end = _counted_end(rules, starts, stops, extended=extended)
    if rules.ends_on_working_day:
        day = end.astimezone(rules.zone).date()
        if not is_working_day(rules, day):
            return _end_of(next_working_day(rules, day), rules.zone)
    return end


def _counted_end(rules: ClockRules, starts: datetime, stops: tuple[Stop, ...], *, extended: bool) -> datetime:
    more = rules.extension if extended else None
    months = (rules.respond_months or 0) + ((more.months if more else None) or 0)
    days = (rules.respond_days or 0) + ((more.days if more else None) or 0)
    span = timedelta(days=days) + sum((stopped_for(rules, stop) for stop in stops), timedelta())
    local = starts.astimezone(rules.zone)
    if rules.respond_months is not None:
        return _end_of(_same_day(local.date(), months) + span, rules.zone)
    if months:
        local = datetime.combine(_same_day(local.date(), months), local.timetz())
    return local.astimezone(UTC) + span


def _same_day(day: date, months: int) -> date:
    """The day of that number so many months on, or that month's last day (Regulation 1182/71, Article 3(2))."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of a day."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return midnight.astimezone(UTC) - timedelta(microseconds=1)
