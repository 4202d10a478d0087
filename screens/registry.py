"""The one table of commands: it feeds the keys, the footer, the palette and the help screens."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from textual.binding import Binding, BindingType

from models.enums import Role

EVERYWHERE = "everywhere"
"""The place of commands that work on every screen of a signed-in agent."""

FOOTER_KEYS = 7
"""At most so many keys stand in a footer, so that it fits 80 columns."""

_WORKS = frozenset({Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER})
_AGENTS = frozenset({Role.AGENT})
_VERIFIES = frozenset({Role.AGENT, Role.VERIFIER, Role.SUPERVISOR})
"""A verifier verifies, an agent asks for it, a supervisor lifts a lock."""
_PROPOSES = frozenset({Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER})
_REVIEWS = frozenset({Role.SUPERVISOR, Role.PRIVACY_OFFICER})


@dataclass(frozen=True, slots=True)
class Command:
    """Something an agent can do by one key.

    `keys` are Textual's names, comma-separated; `where` and `footer` are names of screens; `roles` are those who
    can use it (everybody when empty): a screen hides it from others, the service behind it refuses them. `sign` is how
    the key is shown. An `app_wide` one is bound by the application itself, so it works in dialogs and fields too.
    """

    id: str
    keys: str
    title: str
    help: str
    where: frozenset[str]
    footer: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    action: str = ""
    sign: str = ""
    palette: bool = True
    app_wide: bool = False

    @property
    def runs(self) -> str:
        """The Textual action behind the key; the command's own name unless the table says otherwise."""
        return self.action or self.id

    def open_to(self, roles: frozenset[Role]) -> bool:
        """Whether somebody with these roles can use it."""
        return not self.roles or bool(self.roles & roles)


def _on(*names: str) -> frozenset[str]:
    return frozenset(names)


_ALL = _on(EVERYWHERE)

COMMANDS: tuple[Command, ...] = (
    # --- the queue and the ticket
    Command("claim", "c", "Claim", "Take the ticket as your own.", _on("queue", "ticket"), _on("queue"), _AGENTS),
    Command(
        "verify",
        "v",
        "Verify",
        "Verify who the requester is: send a code, or record another way.",
        _on("queue", "ticket"),
        _on("queue"),
        _VERIFIES,
    ),
    Command("reply", "m", "Reply", "Write to the requester.", _on("ticket"), _on("ticket"), _WORKS),
    Command(
        "reveal",
        "r",
        "Reveal",
        "Show one sealed field for 30 seconds; you say why, and it is on record first.",
        _on("ticket"),
        _on("ticket"),
        _WORKS,
    ),
    Command(
        "decide",
        "d",
        "Decide",
        "Walk the checklist and propose an answer, or the steps by which such a ticket is settled.",
        _on("ticket"),
        _on("ticket"),
        _PROPOSES,
    ),
    Command(
        "about",
        "b",
        "About",
        "Say which earlier ticket, or whose decision, this is about.",
        _on("ticket"),
        roles=_WORKS,
    ),
    Command(
        "whose",
        "w",
        "Whose",
        "Link the ticket to a person on file, chosen by masks, or take such a link back; you say why.",
        _on("ticket"),
        roles=frozenset({Role.VERIFIER}),
    ),
    Command("note", "i", "Note", "Write a note that only the desk sees.", _on("ticket"), _on("ticket"), _WORKS),
    Command("state", "s", "State", "Change the state.", _on("queue", "ticket"), _on("ticket"), _WORKS),
    Command("assign", "a", "Assign", "Hand the ticket to somebody.", _on("queue", "ticket"), roles=_WORKS),
    Command("kind", "t", "Kind", "Change what kind of ticket it is.", _on("ticket"), roles=_WORKS),
    Command("priority", "p", "Priority", "Change the priority.", _on("ticket"), roles=_WORKS),
    Command(
        "clock",
        "o",
        "Clock",
        "What the due date is made of; extend it, ask for proof of identity, say whether a fee was paid.",
        _on("ticket"),
        roles=_WORKS,
    ),
    Command("contact", "e", "Contact", "Correct or add a contact.", _on("ticket"), roles=_AGENTS),
    Command("release", "u", "Release", "Give the ticket back to the queue.", _on("ticket"), roles=_WORKS),
    Command(
        "erase",
        "E",
        "Erase",
        "Propose that everything of this requester be erased; a second person confirms it.",
        _on("ticket"),
        roles=_PROPOSES,
    ),
    Command(
        "hold",
        "h",
        "Hold",
        "Keep the requester's data for a listed reason, or lift such a hold.",
        _on("ticket"),
        roles=frozenset({Role.PRIVACY_OFFICER}),
    ),
    Command(
        "move_policy",
        "M",
        "Move policy",
        "Put the ticket under another policy that the desk has adopted; you say why.",
        _on("ticket"),
        roles=frozenset({Role.SUPERVISOR}),
    ),
    Command(
        "send_notice",
        "N",
        "Send notice",
        "Send the notice again, or note that it was posted.",
        _on("ticket"),
        roles=_PROPOSES,
    ),
    Command(
        "reload", "f5", "Reload", "Read it again.", _on("queue", "ticket", "approvals", "erasures", "log"), roles=_WORKS
    ),
    Command(
        "open",
        "enter",
        "Open",
        "Open the line under the cursor.",
        _on("queue", "approvals", "erasures", "log"),
        _on("queue", "approvals", "erasures", "log"),
        _WORKS,
        sign="↵",
        palette=False,
    ),
    Command(
        "filter",
        "slash",
        "Filter",
        "Narrow the list; what is grey in the line is an example.",
        _on("queue", "log"),
        _on("queue", "log"),
        _WORKS,
        sign="/",
    ),
    Command("new", "n", "New", "Open a ticket for a call or a letter.", _on("queue"), _on("queue"), _AGENTS),
    Command("select", "x", "Select", "Mark the line for a bulk change.", _on("queue"), palette=False, roles=_WORKS),
    Command("bulk", "X", "Bulk", "Do one thing with all marked tickets.", _on("queue"), roles=_WORKS),
    Command(
        "look_up", "l", "Look up", "Find tickets by an exact phone or address; on record.", _on("queue"), roles=_WORKS
    ),
    *(
        Command(
            f"view_{n}",
            str(n),
            f"View {n}",
            f"Show view {n}.",
            _on("queue"),
            roles=_WORKS,
            action=f"view({n})",
            palette=False,
        )
        for n in range(1, 10)
    ),
    # --- approvals and the access log
    Command(
        "approve",
        "y",
        "Approve",
        "Approve the proposal; your password is asked again.",
        _on("approvals", "proposal"),
        _on("proposal"),
        _REVIEWS,
    ),
    Command(
        "return_proposal",
        "r",
        "Return",
        "Send the proposal back with a reason.",
        _on("approvals", "proposal"),
        _on("proposal"),
        _REVIEWS,
    ),
    Command(
        "confirm",
        "y",
        "Confirm",
        "Erase what somebody else proposed, for good; your password is asked again.",
        _on("erasures"),
        _on("erasures"),
        _REVIEWS,
    ),
    Command(
        "withdraw",
        "w",
        "Withdraw",
        "Take the proposal back.",
        _on("approvals", "proposal", "erasures"),
        _on("proposal", "erasures"),
        _PROPOSES,
    ),
    Command(
        "verify_log",
        "v",
        "Verify",
        "Check every entry of the log against its signed checkpoints.",
        _on("log"),
        _on("log"),
        _REVIEWS,
    ),
    # --- forms
    Command(
        "accept",
        "ctrl+y",
        "Accept",
        "Accept the undertaking.",
        _on("undertaking"),
        _on("undertaking"),
        sign="^y",
        palette=False,
    ),
    Command(
        "send",
        "ctrl+s",
        "Send",
        "Send or keep what you wrote.",
        _on("form", "words"),
        _on("form"),
        sign="^s",
        palette=False,
    ),
    Command(
        "open_new",
        "ctrl+s",
        "Open ticket",
        "Open the ticket with what you wrote.",
        _on("new"),
        _on("new"),
        sign="^s",
        palette=False,
    ),
    Command(
        "propose",
        "ctrl+s",
        "Propose",
        "Propose this answer; with a ground or a fee somebody else has to approve it.",
        _on("decision"),
        _on("decision"),
        _PROPOSES,
        sign="^s",
    ),
    Command(
        "letter",
        "f4",
        "Letter",
        "See the letter as it would go out, and go back.",
        _on("decision"),
        _on("decision"),
        _PROPOSES,
    ),
    Command(
        "settle",
        "ctrl+s",
        "Settle",
        "End the ticket so, and send the letter.",
        _on("settle"),
        _on("settle"),
        _PROPOSES,
        sign="^s",
    ),
    Command("other_side", "tab", "Other side", "Go to the requester's side, or back.", _on("ticket"), palette=False),
    # --- moving
    Command("move_down", "j,down", "Down", "Move down.", _ALL, action="move(1)", palette=False, sign="j"),
    Command("move_up", "k,up", "Up", "Move up.", _ALL, action="move(-1)", palette=False, sign="k"),
    Command(
        "back",
        "escape",
        "Back",
        "Go back.",
        _ALL | _on("dialog", "words", "go", "undertaking", "password", "second_factor", "sign_in"),
        _on(
            *("ticket", "proposal", "log", "approvals", "erasures", "help", "phone", "form", "new", "verify"),
            *("decision", "settle", "password", "second_factor"),
        ),
        sign="esc",
        palette=False,
    ),
    Command("go", "g", "Go to", "Then the key of a place.", _ALL, palette=False),
    Command("go_queue", "q", "Queue", "Go to the queue.", _on("go"), _on("go"), action="go_to('queue')"),
    Command(
        "go_approvals",
        "a",
        "Approvals",
        "Go to the approvals that wait.",
        _on("go"),
        _on("go"),
        _PROPOSES,
        action="go_to('approvals')",
    ),
    Command(
        "go_erasures",
        "e",
        "Erasures",
        "Go to the erasures that wait.",
        _on("go"),
        _on("go"),
        _PROPOSES,
        action="go_to('erasures')",
    ),
    Command(
        "go_log", "l", "Access log", "Go to the access log.", _on("go"), _on("go"), _REVIEWS, action="go_to('log')"
    ),
    # --- the console
    Command("phone", "f9", "Phone", "The requester's phone: see what the outbox received (demo only).", _ALL),
    Command(
        "help",
        "question_mark,f1",
        "Keys",
        "Keys and help for this screen.",
        _on(EVERYWHERE, "sign_in", "undertaking", "password", "second_factor"),
        _on("queue", "approvals", "erasures", "log", "ticket", "form", "new", "verify", "decision", "settle"),
        sign="?",
    ),
    Command(
        "command_palette",
        "ctrl+p",
        "Palette",
        "Find a command by its name.",
        _ALL,
        _on("queue"),
        action="command_palette",
        sign="^p",
        palette=False,
        app_wide=True,
    ),
    Command(
        "theme",
        "f8",
        "Theme",
        "Dark, light or high contrast, until you leave; `theme` in console.toml keeps it.",
        _ALL,
        action="change_theme",
        app_wide=True,
    ),
    Command("account", "f7", "Account", "Your own password and second factor.", _ALL, app_wide=True),
    Command("lock", "ctrl+l", "Lock", "Hide everything until your password is typed.", _ALL, app_wide=True),
    Command("sign_out", "ctrl+o", "Sign out", "End your session; what you typed is kept.", _ALL, app_wide=True),
    Command(
        "quit",
        "ctrl+q",
        "Quit",
        "Leave the console; what you typed is kept.",
        _on(EVERYWHERE, "sign_in", "undertaking", "password", "second_factor", "lock"),
        _on("sign_in", "lock", "undertaking"),
        sign="^q",
        app_wide=True,
    ),
)

TAB_AT_ONCE: list[BindingType] = [
    Binding("tab", "app.focus_next", show=False, priority=True),
    Binding("shift+tab", "app.focus_previous", show=False, priority=True),
]
"""For forms. Without it letters that come in one burst with a Tab go to the field before, a password readably."""

SIGNED_OUT = frozenset({"sign_in", "undertaking", "password", "second_factor", "lock", "go", "dialog", "words"})
"""Screens on which the commands of EVERYWHERE do not work."""

_BY_ID = {command.id: command for command in COMMANDS}


def command(command_id: str) -> Command:
    """The command of that id. Raises KeyError."""
    return _BY_ID[command_id]


def commands_for(where: str) -> tuple[Command, ...]:
    """The commands of a screen, the screen's own before those of everywhere, each key once."""
    own = [one for one in COMMANDS if where in one.where]
    taken = {key for one in own for key in one.keys.split(",")}
    if where not in SIGNED_OUT:
        for one in COMMANDS:
            if EVERYWHERE in one.where and one not in own and not taken & set(one.keys.split(",")):
                own.append(one)
    return tuple(own)


@cache  # asked for every binding whenever the focus moves
def roles_for(where: str, action: str) -> frozenset[Role]:
    """The roles that can run a Textual action (without its arguments) on a screen; none when it is open to all."""
    running = [one.roles for one in commands_for(where) if one.runs.partition("(")[0] == action]
    return frozenset().union(*running) if all(running) else frozenset()


def places_for(roles: frozenset[Role]) -> tuple[Command, ...]:
    """Where somebody with these roles can go with `g`."""
    return tuple(one for one in commands_for("go") if one.runs.startswith("go_to") and one.open_to(roles))


def bindings_for(where: str) -> list[BindingType]:
    """The Textual bindings of a screen; each has its command's id, so console.toml can rebind it."""
    return [_binding(one, where in one.footer) for one in commands_for(where) if not one.app_wide]


def app_bindings() -> list[BindingType]:
    """The bindings of the application itself; they come before any screen's and any field's."""
    return [_binding(one, False) for one in COMMANDS if one.app_wide]


def _binding(one: Command, show: bool) -> Binding:
    return Binding(
        one.keys,
        one.runs,
        one.title,
        show=show,
        key_display=one.sign or None,
        priority=one.app_wide,
        tooltip=one.help,
        id=one.id,
    )


def footer_for(where: str, roles: frozenset[Role]) -> tuple[Command, ...]:
    """The keys that a screen's footer shows to somebody with these roles, at most seven, in the table's order."""
    shown = [one for one in COMMANDS if where in one.footer and (not roles or one.open_to(roles))]
    return tuple(shown[:FOOTER_KEYS])


def shown_key(one: Command, rebound: Mapping[str, str]) -> tuple[str, str]:
    """How the command's key is shown, and Textual's name of its first key, with what console.toml rebinds."""
    keys = rebound.get(one.id, one.keys)
    first = keys.partition(",")[0].strip()
    return (one.sign if one.sign and keys == one.keys else _written(first)), first


def _written(key: str) -> str:
    return key.replace("ctrl+", "^").replace("escape", "esc").replace("slash", "/").replace("question_mark", "?")


def palette_for(where: str, roles: frozenset[Role]) -> tuple[Command, ...]:
    """The commands that the palette offers on a screen to somebody with these roles."""
    return tuple(one for one in commands_for(where) if one.palette and one.open_to(roles))


def key_problems(keys: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with the `[keys]` of console.toml: unknown commands, keys that two commands of a screen share."""
    problems = [f"keys.{one}: there is no command of that name" for one in keys if one not in _BY_ID]
    places = sorted({place for one in COMMANDS for place in one.where})
    found: set[str] = set()
    for place in places:
        holder: dict[str, str] = {}
        for one in commands_for(place):
            for key in (part.strip() for part in keys.get(one.id, one.keys).split(",")):
                other = holder.setdefault(key, one.id)
                if other != one.id:
                    found.add(f"keys: {key} stands for both {other} and {one.id} on the screen {place}")
    return (*problems, *sorted(found))
