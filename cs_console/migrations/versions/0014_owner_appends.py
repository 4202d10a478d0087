"""On a server, the log's head is locked and entries are appended through functions of the tables' owner."""

from alembic import op
from sqlalchemy import text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LOCK = """\
CREATE FUNCTION {schema}.lock_log_head()
RETURNS TABLE (size bigint, frontier bytea, tag bytea, newest_at bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- a server lets those who wait for a row try in turn, again and again; here they are in one line ("loghead")
    PERFORM pg_advisory_xact_lock(30521787408540004);
    RETURN QUERY
        SELECT head.size, head.frontier, head.tag,
               (SELECT newest.at FROM {schema}.log_entry AS newest WHERE newest.seq = head.size)
        FROM {schema}.log_head AS head WHERE head.id = 1 FOR UPDATE OF head;
END $$
"""
_APPEND = """\
CREATE FUNCTION {schema}.append_entry(entry json, new_frontier bytea, new_tag bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    written bigint;
BEGIN
    PERFORM FROM {schema}.log_head AS head WHERE head.id = 1 AND head.size + 1 = (entry->>'seq')::bigint FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO {schema}.log_entry SELECT * FROM json_populate_record(NULL::{schema}.log_entry, entry);
    GET DIAGNOSTICS written = ROW_COUNT;
    UPDATE {schema}.log_head AS head SET size = head.size + 1, frontier = new_frontier, tag = new_tag WHERE head.id = 1;
    RETURN FOUND AND written = 1;
END $$
"""
_SIGN = """\
CREATE FUNCTION {schema}.append_checkpoint(new_size bigint, new_at bigint, new_note text, new_tag bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    written bigint;
BEGIN
    INSERT INTO {schema}.checkpoint (size, at, note, tag)
        SELECT new_size, new_at, new_note, new_tag
        WHERE new_size <= (SELECT head.size FROM {schema}.log_head AS head WHERE head.id = 1)
          AND new_size > (SELECT coalesce(max(made.size), 0) FROM {schema}.checkpoint AS made);
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written = 1;
END $$
"""
SIGNATURES = (
    "lock_log_head()",
    "append_entry(json, bytea, bytea)",
    "append_checkpoint(bigint, bigint, text, bytea)",
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    for function in (_LOCK, _APPEND, _SIGN):
        connection.exec_driver_sql(function.format(schema=schema))
    for signature in SIGNATURES:
        connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {schema}.{signature} FROM PUBLIC")


def downgrade() -> None:
    raise RuntimeError("the log is not appended to in the former way again")
