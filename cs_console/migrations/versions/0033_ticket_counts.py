"""How many tickets the queue's views hold, kept by triggers while tickets change."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_SPAN = 6 * 60 * 60 * 1_000_000
_NO_DATE = 2**58
_SHOWN = (
    "state",
    "assignee_id",
    "closed_at",
    "answered_at",
    "snoozed_until",
    "queue_order",
)
"""What decides in which views a ticket is."""
_SET = "INSERT INTO ticket_count (name, span, mark, tickets) "
_ADDED = (
    "GROUP BY name, span HAVING sum(change) <> 0 "
    "ON CONFLICT (name, span, mark) DO UPDATE SET tickets = ticket_count.tickets + excluded.tickets"
)


def upgrade() -> None:
    on_file = op.get_bind().dialect.name == "sqlite"
    if not on_file:  # what others are storing is waited for, and what comes later meets the triggers
        op.execute("LOCK TABLE ticket IN SHARE ROW EXCLUSIVE MODE")
    op.create_table(
        "ticket_count",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("span", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "span", "mark"),
        sqlite_with_rowid=False,
    )
    there = _counted("ticket", 1, "FROM ticket")
    op.execute(f"{_SET}SELECT name, span, 0, sum(change) FROM ({there}) AS counted GROUP BY name, span")  # noqa: S608 - own words
    if on_file:
        _keep_on_file()
    else:
        _keep_on_server()


def downgrade() -> None:
    on_file = op.get_bind().dialect.name == "sqlite"
    for act in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER ticket_count_{act}" + ("" if on_file else " ON ticket"))
    if not on_file:
        op.execute("DROP FUNCTION count_ticket()")
    op.drop_table("ticket_count")


def _keep_on_file() -> None:
    """Transactions come one after another: each adds to the same row."""
    for act, when, changes in _acts("IS NOT"):
        added = f"{_SET}SELECT name, span, 0, sum(change) FROM ({changes}) {_ADDED}"  # noqa: S608 - own words
        op.execute(f"CREATE TRIGGER ticket_count_{act} AFTER {act.upper()} ON ticket {when} BEGIN {added}; END")


def _keep_on_server() -> None:
    """Each transaction adds to rows of its own, named after it, by the right of the table's owner: a console's role
    that was not given its rights to the new table yet changes tickets all the same.
    """
    schema = op.get_bind().execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
    acts = _acts("IS DISTINCT FROM")
    steps = ""
    for act, _, changes in acts:
        added = f"{_SET}SELECT name, span, txid_current(), sum(change) FROM ({changes}) AS counted {_ADDED}"  # noqa: S608 - own words
        steps += f"IF TG_OP = '{act.upper()}' THEN {added}; END IF; "
    op.execute(
        "CREATE FUNCTION count_ticket() RETURNS trigger LANGUAGE plpgsql "
        f"SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$ BEGIN {steps}RETURN NULL; END $$"
    )
    for act, when, _ in acts:
        op.execute(
            f"CREATE TRIGGER ticket_count_{act} AFTER {act.upper()} ON ticket FOR EACH ROW {when} "
            "EXECUTE FUNCTION count_ticket()"
        )


def _acts(differs: str) -> tuple[tuple[str, str, str], ...]:
    """What can happen to a ticket, when that matters, and what it changes."""
    moved = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in _SHOWN)
    gone, come = _counted("OLD", -1), _counted("NEW", 1)
    return (
        ("insert", "", come),
        ("update", f"WHEN ({moved})", f"{gone} UNION ALL {come}"),
        ("delete", "", gone),
    )


def _counted(ticket: str, change: int, source: str = "") -> str:
    """The names that a ticket is counted under."""
    mine = f"{ticket}.is_open = 1 AND {ticket}.assignee_id IS NOT NULL"
    names = (
        (f"CASE {ticket}.is_open WHEN 1 THEN 'open' ELSE 'closed' END", "0", ""),
        (f"'in state ' || {ticket}.state", "0", f"{ticket}.state IN ('to verify', 'in approval')"),
        ("'unassigned'", "0", f"{ticket}.is_open = 1 AND {ticket}.assignee_id IS NULL"),
        (f"'assigned ' || {ticket}.assignee_id", "0", mine),
        (f"'answered ' || {ticket}.assignee_id", "0", f"{mine} AND {ticket}.answered_at > 0"),
        (f"'snoozed ' || {ticket}.assignee_id", "0", f"{mine} AND {ticket}.snoozed_until > 0"),
        ("'due'", f"{ticket}.queue_order / {_SPAN}", f"{ticket}.is_open = 1 AND {ticket}.queue_order < {_NO_DATE}"),
    )
    return " UNION ALL ".join(
        f"SELECT {name} AS name, {span} AS span, {change} AS change {source}{f' WHERE {where}' if where else ''}"
        for name, span, where in names
    )
