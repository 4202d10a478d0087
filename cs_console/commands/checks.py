"""The checks of `cs-console doctor`."""

import os
import platform
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryFile

from sqlalchemy import Engine, text

from cs_console.access_log.checkpoint_store import checkpoint_store_of
from cs_console.access_log.clocks import clock_difference
from cs_console.access_log.state import log_state
from cs_console.adoption.adopting import shelved
from cs_console.casework.unclear import unclear_tickets
from cs_console.commands.attachment_settings import attachment_findings, attachments_in_force
from cs_console.commands.keys import how_to_finish, keyring_belongs, window
from cs_console.custody.desk_keys import missing_desk_keys, requesters_without_key
from cs_console.custody.erasing import brought_back, stated_without_proof
from cs_console.custody.rotation import key_status
from cs_console.custody.set_aside_ends import mail_without_key
from cs_console.custody.tombstones import tombstone_file
from cs_console.database import Database, read_url
from cs_console.delivery import sms, smtp
from cs_console.desk import Desk
from cs_console.errors import BadPack, BadSettings, ConsoleError, StoreUnavailable
from cs_console.faults import spot_of
from cs_console.foreign_objects import foreign_objects
from cs_console.key_files import printed_key, read_key_file
from cs_console.opening import open_desk
from cs_console.operator_command import CommandFailed, run_command
from cs_console.settings import Settings
from cs_console.staff.accounts import unlike_the_log, without_identity
from cs_console.staff.setup import KEYRING_ADVICE, keyring_flaw
from cs_console.store_errors import store_errors

PACKAGES = ("cs-console", "textual", "sqlalchemy", "sqlmodel", "cryptography", "argon2-cffi")
_DEMANDED = frozenset({"require", "verify-ca", "verify-full"})
PROBE_SECONDS = 12.0
"""The time limit of one check outside this process; the mail server's steps have 5 s each."""
_OWN_SETTINGS = text(
    "SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole "
    "WHERE rolname = current_user "
    "AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
)
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Check:
    """The result of one check. `unreachable`: a store cannot be reached, which is worse than a finding."""

    name: str
    ok: bool
    words: str
    unreachable: bool = False


def settings_in_force(settings: Settings) -> dict[str, str]:
    """Every setting as text, without passwords, tokens and commands."""
    return {
        "home": str(settings.home),
        "database": _without_password(settings.database),
        "keyring": _without_password(settings.keyring),
        "key": "from CS_CONSOLE_KEY_COMMAND" if settings.key_command else str(settings.key_path),
        "next key": "from CS_CONSOLE_NEXT_KEY_COMMAND" if settings.next_key_command else "created by a rotation",
        "key rotation": f"within {settings.key_days} days of an erasure",
        "mail": _mail_way(settings).words,
        "text messages": _sms_way(settings).words,
        **attachments_in_force(settings),
        "checkpoints": checkpoint_store_of(settings).name,
        "remembered": str(settings.memory_folder),
        "pack": settings.pack or "the most recently adopted",
        "desk name": settings.desk_name,
        "mail from": settings.mail_from,
        "senders checked by": settings.mail_checked_by or "no mail server named in the settings",
        "theme": settings.theme,
        "idle": f"hidden after {settings.idle_hide} s, signed out after {settings.idle_sign_out} s",
        "session": f"{settings.session_hours} h at most",
        "rebound keys": ", ".join(sorted(settings.keys)) or "none",
    }


def versions() -> dict[str, str]:
    """The versions in use."""
    found = {name: version(name) for name in PACKAGES}
    return {**found, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}


def examine(settings: Settings) -> tuple[Check, ...]:
    """Check everything that can be reached; a failed check does not prevent the others."""
    return (
        *_desk_checks(settings),
        *_file_checks(settings),
        *_key_command_checks(settings),
        _within(PROBE_SECONDS, "mail", partial(_mail_check, settings)),
        _sms_check(settings),
        *(Check(*finding) for finding in attachment_findings(settings)),
    )


def _within(seconds: float, name: str, look: Callable[[], Check]) -> Check:
    """Run the check with a time limit: resolving a host name has no time-out of its own."""
    answer: Queue[Check] = Queue()

    def looking() -> None:
        try:
            answer.put(look())
        except Exception as fault:  # noqa: BLE001 - the outermost edge of a thread
            answer.put(Check(name, False, f"a bug in cs-console ({spot_of(fault)})"))

    threading.Thread(target=looking, name=name, daemon=True).start()
    try:
        return answer.get(timeout=seconds)
    except Empty:
        return Check(name, False, f"no answer within {seconds:g} s")


def _desk_checks(settings: Settings) -> Iterator[Check]:
    try:
        desk = open_desk(settings)
    except ConsoleError as error:
        yield _refused("desk", error)
        return
    looks = {
        "database": _database_check,
        "database connection": lambda name, desk: _connection_check(name, desk.database.engine),
        "keyring": _keyring_check,
        "keyring connection": lambda name, desk: _connection_check(name, desk.keyring.store.engine),
        "missing keys": _missing_keys_check,
        "erasures": _erasures_check,
        "accounts": _accounts_check,
        "policy pack": _pack_check,
        "access log": _log_check,
        "second place": _second_place_check,
        "identity": _identity_check,
        "clock": _clock_check,
        "database account": account_check,
        "database contents": _contents_check,
    }
    try:
        for name, look in looks.items():
            try:
                yield look(name, desk)
            except ConsoleError as error:
                yield _refused(name, error)
    finally:
        desk.close()


def _database_check(name: str, desk: Desk) -> Check:
    if desk.database.is_sqlite:
        return Check(name, True, "reached, SQLite")
    with desk.database.reading() as db:
        server = db.connection().execute(text("SHOW server_version")).scalar_one()
    return Check(name, True, f"reached, PostgreSQL {server}")


def _connection_check(name: str, engine: Engine) -> Check:
    if engine.dialect.name == "sqlite":
        return Check(name, True, "a file on this machine")
    with store_errors(), engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None  # the connection that answered is still open
        info = driver.info
        mode = info.get_parameters().get("sslmode", "prefer")
        return connection_check(name, info.host, info.hostaddr, mode, bool(driver.pgconn.ssl_in_use))


def connection_check(name: str, host: str, address: str, mode: str, encrypted: bool) -> Check:
    """Whether a server connection is safe: to another machine, the URL has to require encryption."""
    words = "encrypted" if encrypted else "not encrypted"
    if mode in _DEMANDED:
        checked = mode if mode != "require" else "require: the server's certificate is not checked"
        return Check(name, True, f"{words} ({checked})")
    if _on_this_machine(host, address):
        return Check(name, True, f"{words}, on this machine")
    advice = "set sslmode=verify-full and sslrootcert in its URL"
    return Check(
        name, False, f"{words}, but the URL does not require it; {advice}" if encrypted else f"{words}; {advice}"
    )


def _on_this_machine(host: str, address: str) -> bool:
    if not host or host.startswith(("/", "@")):
        return True  # a socket in the file system
    try:
        return ip_address(address or host).is_loopback
    except ValueError:
        return False


def _keyring_check(name: str, desk: Desk) -> Check:
    if not keyring_belongs(desk):
        return Check(name, False, "belongs to another desk")
    found = key_status(desk)
    words = f"reached, {sum(found.by_epoch.values())} keys"
    flaw = keyring_flaw(desk.settings)
    if flaw:
        words += f". The data is on a PostgreSQL server, and the keyring is {flaw}. {KEYRING_ADVICE}"
    if found.erased:
        words += f". {window(found)}"
    if found.unfinished:
        words += f". {how_to_finish(found, desk.settings)}"
    return Check(name, not found.overdue and not flaw, words)


def _missing_keys_check(name: str, desk: Desk) -> Check:
    """Report missing keys: the console neither erases nor creates anything because of them."""
    lacking = [f"of the desk itself: {one}" for one in missing_desk_keys(desk.database, desk.keyring)]
    lost = requesters_without_key(desk.database, desk.keyring)
    if lost:
        lacking.append(f"{lost} {'requester has' if lost == 1 else 'requesters have'} no key")
    mail = mail_without_key(desk.database, desk.keyring)
    if mail:
        lacking.append(f"{mail} {'mail set aside has' if mail == 1 else 'mails set aside have'} no key")
    if not lacking:
        return Check(name, True, "none")
    return Check(name, False, f"{'; '.join(lacking)}. Restore the newest backup of the keyring")


def _erasures_check(name: str, desk: Desk) -> Check:
    """Report who is named as erased without the log's proof: that alone erases nothing."""
    lines, rows = brought_back(desk).unproven, stated_without_proof(desk)
    flaws = []
    if lines:
        flaws.append(
            f"{tombstone_file(desk.settings)} lists {lines} as erased without a proof; their data is still here"
        )
    if rows:
        flaws.append(f"the database has {rows} that the access log does not show as approved")
    return Check(name, not flaws, "; ".join(flaws) or "proven by the access log")


def _accounts_check(name: str, desk: Desk) -> Check:
    with desk.database.reading() as db:
        unknown = without_identity(db)
        changed = unlike_the_log(db, desk)
    if changed:
        return Check(
            name, False, f"these differ from the access log: {'; '.join(changed)}; run `cs-console log verify`"
        )
    words = "the owner of each account is recorded" if not unknown else f"without an identity: {unknown}"
    if unknown > 1:
        words += "; these accounts cannot approve for each other (`cs-console agents identity`)"
    return Check(name, True, words)


def _pack_check(name: str, desk: Desk) -> Check:
    try:
        title = desk.packs.current.meta.title
    except BadPack as error:
        return Check(name, False, f"{error.sentence} It has {len(error.problems)} problems.")
    changed = [one for one in shelved(desk) if one.changed]
    words = [
        f"the file of {one.name} has changed since {one.changed} open "
        f"{'ticket was' if one.changed == 1 else 'tickets were'} opened; restore the file, or move the tickets with M"
        for one in changed
    ]
    return Check(name, not changed, "; ".join([title, *words]))


def _log_check(name: str, desk: Desk) -> Check:
    state = log_state(desk)
    if state.ok is False:
        return Check(name, False, "is inconsistent; run `cs-console log verify`")
    signed = f"signed at {state.last_checkpoint_size}" if state.last_checkpoint_at else "not signed yet"
    return Check(name, state.ok is True, f"{state.size} entries, {signed}", unreachable=state.ok is None)


def _second_place_check(name: str, desk: Desk) -> Check:
    place, state = checkpoint_store_of(desk.settings), log_state(desk)
    with suppress(OSError):
        kept = place.newest()
        words = f"{place.name} has the checkpoint at {kept.size}" if kept else f"{place.name} has nothing yet"
        if not state.copied:
            words += f", and lacks the newest checkpoint at {state.last_checkpoint_size}"
        if desk.settings.checkpoint_command:
            words += "; its checkpoints cannot be read back here"
        tried = _tried(desk.settings, next(iter(place.notes()), ""))
        return Check(name, state.copied and not tried, f"{words}{tried}")
    return Check(name, False, f"{place.name} cannot be read")


def _tried(settings: Settings, note: str) -> str:
    """Why the second place does not accept a checkpoint now; "" if it does. A note may be sent twice."""
    try:
        if not settings.checkpoint_command:
            with TemporaryFile(dir=settings.checkpoint_folder):
                return ""
        if note:
            run_command(settings.checkpoint_command, PROBE_SECONDS, note.encode())
    except CommandFailed as problem:
        return f"; a test just failed: {problem.why}"
    except OSError as problem:
        return f"; it cannot be written: {problem.strerror}"
    return ""


def _identity_check(name: str, desk: Desk) -> Check:
    """Tickets from before accounts whose requesters may be mixed, by number and alias, for a person to decide."""
    with desk.database.reading() as db:
        found = unclear_tickets(db, desk)
    words = "every person on file has an account"
    if found.without_account:
        words = f"persons on file without an account: {found.without_account}; import the platform's account records"
    if not found.count:
        return Check(name, True, words)
    listed = ", ".join(f"#{number} ({alias})" for number, alias in found.tickets)
    more = f" and {found.count - len(found.tickets)} more" if found.count > len(found.tickets) else ""
    return Check(
        name,
        False,
        f"records of several accounts may be mixed on {listed}{more}: link each ticket to its account; "
        f"until then no code is sent for them. {words}",
    )


def account_check(name: str, desk: Desk) -> Check:
    """Report a role's own settings: they apply to every console that connects with it, and it can set them itself."""
    if desk.database.is_sqlite:
        return Check(name, True, "none: a file")
    with desk.database.reading() as db:
        given = db.connection().execute(_OWN_SETTINGS).scalars().all()
    words = "has no settings of its own" if not given else f"has settings of its own: {', '.join(map(str, given))}"
    return Check(name, not given, words)


def _contents_check(name: str, desk: Desk) -> Check:
    with desk.database.reading() as db:
        found = foreign_objects(db.connection())
    if not found:
        return Check(name, True, "the console's own tables and triggers")
    return Check(name, False, f"not created by the console: {', '.join(found)}; ask the database's administrator")


def _clock_check(name: str, desk: Desk) -> Check:
    off = clock_difference(desk)
    return Check(
        name, not off, off or "matches the desk's time" + ("" if desk.database.is_sqlite else " and the server's")
    )


def _file_checks(settings: Settings) -> Iterator[Check]:
    try:
        read_key_file(settings.log_key_path)
        yield Check("log key", True, str(settings.log_key_path))
    except ConsoleError as error:
        yield _refused("log key", error)
    if os.name != "posix":
        return
    open_ones = [f"{path} ({mode:o})" for path, mode in _modes(settings) if mode & OTHERS]
    words = "only their owner can read them" if not open_ones else "others can read " + ", ".join(open_ones)
    yield Check("files", not open_ones, words)


def _modes(settings: Settings) -> Iterator[tuple[Path, int]]:
    paths = [settings.home, settings.log_key_path.parent, settings.log_key_path]
    if not settings.key_command:
        paths += [settings.key_path, settings.next_key_path]
    if settings.outbox is not None:
        paths.append(settings.outbox)
    for url in (settings.database, settings.keyring):
        with suppress(ConsoleError):  # an unusable URL is a finding about the desk
            file = Database(url).file
            if file is not None:
                paths += [file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))]
    for path in dict.fromkeys(paths):
        if path.exists():
            yield path, stat.S_IMODE(path.stat().st_mode)


def _key_command_checks(settings: Settings) -> Iterator[Check]:
    for name, command in (("key command", settings.key_command), ("next key command", settings.next_key_command)):
        if command:
            try:
                printed_key(command, f"CS_CONSOLE_{name.upper().replace(' ', '_')}")
                yield Check(name, True, "printed a key")
            except ConsoleError as error:
                yield _refused(name, error)


def _mail_check(settings: Settings) -> Check:
    """Test the configured mail server: connect, encrypt and sign in, without sending a mail."""
    way = _mail_way(settings)
    if not way.ok or settings.outbox is not None:
        return way
    try:
        return Check(way.name, True, smtp.probe(settings.smtp_url))
    except ConsoleError as error:
        return Check(way.name, False, f"{way.words}: {error}")


def _mail_way(settings: Settings) -> Check:
    if settings.outbox is not None:
        return Check("mail", True, f"into {settings.outbox}")
    if not settings.smtp_url:
        return Check("mail", False, "not set up")
    try:
        server = smtp.server_of(settings.smtp_url)
    except BadSettings as error:
        return _refused("mail", error)
    return Check("mail", True, f"through {server.host}:{server.port}")


def _sms_check(settings: Settings) -> Check:
    """Check the configured text-message service with the library that will use it."""
    way = _sms_way(settings)
    if not way.ok or settings.outbox is not None or not settings.sms_url:
        return way
    try:
        sms.probe(settings.sms_url)
    except BadSettings as error:
        return _refused(way.name, error)
    return way


def _sms_way(settings: Settings) -> Check:
    """Text messages are optional: codes can be sent by mail alone."""
    if settings.outbox is not None:
        return Check("text messages", True, f"into {settings.outbox}")
    if not settings.sms_url:
        return Check("text messages", True, "not set up")
    scheme, mark, _ = settings.sms_url.partition("://")
    if not (mark and scheme.isalnum()):
        return Check("text messages", False, "CS_CONSOLE_SMS_URL is not a URL that Apprise knows.")
    return Check("text messages", True, f"through {scheme}")


def _without_password(url: str) -> str:
    parsed = read_url(url)
    return "not a database URL" if parsed is None else parsed.set(query={}).render_as_string(hide_password=True)


def _refused(name: str, refusal: ConsoleError) -> Check:
    return Check(name, False, str(refusal), unreachable=isinstance(refusal, StoreUnavailable))
