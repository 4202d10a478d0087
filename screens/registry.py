"""The table of all commands: it feeds the keys, the footer, the palette and the help screens."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from textual.binding import Binding, BindingType
from textual.keys import KEY_NAME_REPLACEMENTS, key_to_character

from models.roles import (
    APPROVES,
    BLOCKS_SENDERS,
    CLAIMS,
    CONFIRMS_ERASURES,
    CORRECTS_CONTACTS,
    HANDLES_SET_ASIDE,
    HANDLES_TICKETS,
    HOLDS_DATA,
    MOVES_POLICY,
    OPENS_TICKETS,
    PROPOSES_ERASURES,
    REVIEWS_LOG,
    SEES_PERSONAL_DATA,
    STARTS_VERIFICATION,
    VERIFIES,
    WORKS_ON_TICKETS,
    Role,
)
from screens.places import PLACES, Place

EVERYWHERE = "everywhere"
"""The place of commands that work on every screen of a signed-in agent."""

FOOTER_KEYS = 7
"""The most keys that a footer shows, so that it fits 80 columns."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something an agent can do with one key.

    `keys` are Textual's names, comma-separated; `where` and `footer` are names of screens; `roles` are those that
    can use it (all when empty): a screen hides it from others, and the service behind it refuses them. `sign` is how
    the key is shown. An `app_wide` command is bound by the application itself, so it works in dialogs and fields too.
    """

    id: str
    keys: str
    title: str
    help: str
    where: frozenset[str]
    footer: frozenset[str] = frozenset()
    roles: tuple[Role, ...] = ()
    action: str = ""
    sign: str = ""
    palette: bool = True
    app_wide: bool = False

    @property
    def runs(self) -> str:
        """The Textual action behind the key; the command's own name unless the table says otherwise."""
        return self.action or self.id

    def open_to(self, roles: frozenset[Role]) -> bool:
        """Whether an agent with these roles can use it."""
        return not self.roles or not roles.isdisjoint(self.roles)


def _on(*names: str) -> frozenset[str]:
    return frozenset(names)


def _going_to(place: Place) -> Command:
    action = f"go_to({place.name!r})"
    return Command(f"go_{place.name}", place.key, place.title, place.help, _on("go"), _on("go"), place.roles, action)


_ALL = _on(EVERYWHERE)

COMMANDS: tuple[Command, ...] = (
    # --- the queue and the ticket; what is used most comes first, in footers too
    Command(
        "open",
        "enter",
        "Open",
        "Open the selected line.",
        _on("queue", "approvals", "erasures", "log", "set_aside"),
        _on("queue", "approvals", "erasures", "log", "set_aside"),
        WORKS_ON_TICKETS,
        sign="↵",
        palette=False,
    ),
    Command("claim", "c", "Claim", "Assign the ticket to yourself.", _on("queue", "ticket"), _on("queue"), CLAIMS),
    Command(
        "verify",
        "v",
        "Verify",
        "Verify the requester's identity: send a code, or record another method.",
        _on("queue", "ticket"),
        _on("queue"),
        STARTS_VERIFICATION,
    ),
    Command("reply", "m", "Reply", "Write to the requester.", _on("ticket"), _on("ticket"), WORKS_ON_TICKETS),
    Command(
        "reveal",
        "r",
        "Reveal",
        "Show one sealed field for 30 seconds. You give a purpose, and the view is recorded first.",
        _on("ticket"),
        _on("ticket"),
        SEES_PERSONAL_DATA,
    ),
    Command(
        "files",
        "f",
        "Files",
        "Open a file of the ticket. You give a purpose, and the view is recorded first.",
        _on("ticket", "verify"),
        _on("verify"),
        SEES_PERSONAL_DATA,
    ),
    Command(
        "save_file",
        "s",
        "Save",
        "Save the file in the operator's folder, if there is one. Recorded.",
        _on("attachment"),
        _on("attachment"),
        SEES_PERSONAL_DATA,
    ),
    Command(
        "pass_file_on",
        "p",
        "Pass on",
        "Give the file to the operator's command, if there is one. Recorded.",
        _on("attachment"),
        _on("attachment"),
        SEES_PERSONAL_DATA,
    ),
    Command(
        "earlier",
        "q",
        "Earlier lines",
        "Show or fold the earlier lines that messages repeat, and signatures.",
        _on("ticket"),
    ),
    Command(
        "decide",
        "d",
        "Decide",
        "Work through the checklist and propose a decision, or settle the ticket in its own steps.",
        _on("ticket"),
        _on("ticket"),
        HANDLES_TICKETS,
    ),
    Command(
        "about",
        "b",
        "About",
        "Name the earlier ticket, or the person whose decision this ticket is about.",
        _on("ticket"),
        roles=WORKS_ON_TICKETS,
    ),
    Command(
        "whose",
        "w",
        "Whose",
        "Link the ticket to a person on file, chosen by masked contacts, or undo the link. You give a reason.",
        _on("ticket"),
        roles=VERIFIES,
    ),
    Command(
        "note",
        "i",
        "Note",
        "Write an internal note that the requester does not see.",
        _on("ticket"),
        _on("ticket"),
        WORKS_ON_TICKETS,
    ),
    Command(
        "state", "s", "State", "Change the ticket's state.", _on("queue", "ticket"), _on("ticket"), WORKS_ON_TICKETS
    ),
    Command("assign", "a", "Assign", "Assign the ticket to an agent.", _on("queue", "ticket"), roles=WORKS_ON_TICKETS),
    Command(
        "undo",
        "u",
        "Undo",
        "Take back your reply, or the answer you gave alone, that has not gone out yet: it is a draft again.",
        _on("ticket"),
        roles=WORKS_ON_TICKETS,
    ),
    Command(
        "others",
        "T",
        "Other tickets",
        "Move to the requester's other tickets; enter opens one.",
        _on("ticket"),
        roles=WORKS_ON_TICKETS,
    ),
    Command(
        "history",
        "H",
        "History",
        "Move to what was done on the ticket, and who did it.",
        _on("ticket"),
        roles=WORKS_ON_TICKETS,
    ),
    Command("kind", "t", "Kind", "Change the ticket's kind.", _on("ticket"), roles=WORKS_ON_TICKETS),
    Command("priority", "p", "Priority", "Change the ticket's priority.", _on("ticket"), roles=WORKS_ON_TICKETS),
    Command(
        "clock",
        "o",
        "Clock",
        "See how the due date is calculated; extend it, ask for proof of identity, record whether a fee was paid.",
        _on("ticket"),
        roles=WORKS_ON_TICKETS,
    ),
    Command(
        "contact", "e", "Contact", "Correct or add a contact of the requester.", _on("ticket"), roles=CORRECTS_CONTACTS
    ),
    Command(
        "release", "U", "Release", "Return the ticket to the queue, unassigned.", _on("ticket"), roles=WORKS_ON_TICKETS
    ),
    Command(
        "erase",
        "E",
        "Erase",
        "Propose to erase all data of this requester. A second person must confirm it.",
        _on("ticket"),
        roles=PROPOSES_ERASURES,
    ),
    Command(
        "hold",
        "h",
        "Hold",
        "Keep the requester's data for one of the listed reasons, or lift that hold.",
        _on("ticket"),
        roles=HOLDS_DATA,
    ),
    Command(
        "move_policy",
        "M",
        "Move policy",
        "Move the ticket to another policy that the desk has adopted. You give a reason.",
        _on("ticket"),
        roles=MOVES_POLICY,
    ),
    Command(
        "send_notice",
        "N",
        "Send notice",
        "Send the notice again, or record that it was posted.",
        _on("ticket"),
        roles=HANDLES_TICKETS,
    ),
    Command(
        "block_sender",
        "B",
        "Block sender",
        "Have later mail from this ticket's sender set aside as spam. You give a reason.",
        _on("ticket"),
        roles=BLOCKS_SENDERS,
    ),
    Command(
        "reload",
        "f5",
        "Reload",
        "Load this screen's data again.",
        _on("queue", "ticket", "approvals", "erasures", "log", "set_aside"),
        roles=WORKS_ON_TICKETS,
    ),
    Command(
        "filter",
        "slash",
        "Filter",
        "Filter the list. The grey text in the field is an example.",
        _on("queue", "log"),
        _on("queue", "log"),
        WORKS_ON_TICKETS,
        sign="/",
    ),
    Command(
        "new", "n", "New", "Open a ticket for a phone call or a letter.", _on("queue"), _on("queue"), OPENS_TICKETS
    ),
    Command(
        "select",
        "x",
        "Select",
        "Mark the ticket for a bulk change.",
        _on("queue"),
        palette=False,
        roles=WORKS_ON_TICKETS,
    ),
    Command("bulk", "X", "Bulk", "Apply one action to all marked tickets.", _on("queue"), roles=WORKS_ON_TICKETS),
    Command(
        "take_next",
        "N",
        "Take next",
        "Claim the most urgent ticket that no one has, and open it.",
        _on("queue"),
        roles=CLAIMS,
    ),
    Command(
        "snooze",
        "z",
        "Snooze",
        "Put the ticket behind all others until a time, or until its requester writes. Its due date stays.",
        _on("queue"),
        roles=WORKS_ON_TICKETS,
    ),
    Command(
        "tags",
        "number_sign",
        "Tags",
        "Put one of the desk's tags on the ticket, or take it off.",
        _on("queue"),
        roles=WORKS_ON_TICKETS,
        sign="#",
    ),
    Command(
        "sort", "S", "Sort", "Sort by what is due, received, updated or urgent.", _on("queue"), roles=WORKS_ON_TICKETS
    ),
    Command(
        "saved_views",
        "apostrophe",
        "Saved views",
        "Show a saved view by its letter, or save what is shown, for yourself or for the team.",
        _on("queue"),
        roles=WORKS_ON_TICKETS,
        sign="'",
    ),
    Command(
        "bring_in",
        "full_stop",
        "Bring in",
        "Show what is new; until then no row moves.",
        _on("queue"),
        roles=WORKS_ON_TICKETS,
        sign=".",
    ),
    Command(
        "look_up",
        "l",
        "Look up",
        "Find tickets by an exact phone number or address. Recorded, with its purpose.",
        _on("queue"),
        roles=SEES_PERSONAL_DATA,
    ),
    *(
        Command(
            f"view_{n}",
            str(n),
            f"View {n}",
            f"Show view {n}.",
            _on("queue", "set_aside") if 1 <= n <= 6 else _on("queue"),
            roles=WORKS_ON_TICKETS,
            action=f"view({n})",
            palette=False,
        )
        for n in (*range(1, 10), 0)
    ),
    # --- approvals and the access log
    Command(
        "approve",
        "y",
        "Approve",
        "Approve the proposal. You enter your password again.",
        _on("approvals", "proposal"),
        _on("proposal"),
        APPROVES,
    ),
    Command(
        "return_proposal",
        "r",
        "Return",
        "Return the proposal with a reason.",
        _on("approvals", "proposal"),
        _on("proposal"),
        APPROVES,
    ),
    Command(
        "confirm",
        "y",
        "Confirm",
        "Confirm another person's proposal and erase for good. You enter your password again.",
        _on("erasures"),
        _on("erasures"),
        CONFIRMS_ERASURES,
    ),
    Command(
        "withdraw",
        "w",
        "Withdraw",
        "Withdraw the proposal.",
        _on("approvals", "proposal", "erasures"),
        _on("proposal", "erasures"),
        HANDLES_TICKETS,
    ),
    Command(
        "views_only",
        "v",
        "Views",
        "List only the entries by which someone saw sealed data, or all again.",
        _on("log"),
        _on("log"),
        REVIEWS_LOG,
    ),
    Command(
        "refused_only",
        "x",
        "Refused",
        "List only what was refused, or all again.",
        _on("log"),
        _on("log"),
        REVIEWS_LOG,
    ),
    Command(
        "unfold",
        "space",
        "Unfold",
        "Show or fold the routine work of one person under the cursor.",
        _on("log"),
        _on("log"),
        REVIEWS_LOG,
    ),
    Command(
        "verify_log",
        "c",
        "Check",
        "Check every entry of the log against its signed checkpoints.",
        _on("log"),
        _on("log"),
        REVIEWS_LOG,
    ),
    # --- mail that is set aside
    Command(
        "release_mail",
        "y",
        "Release",
        "Make a ticket of this mail, as a person's.",
        _on("set_aside"),
        _on("set_aside"),
        HANDLES_SET_ASIDE,
    ),
    Command(
        "retry_mail",
        "t",
        "Try again",
        "Read again all that could not be read.",
        _on("set_aside"),
        _on("set_aside"),
        HANDLES_SET_ASIDE,
    ),
    Command(
        "drop_mail",
        "D",
        "Drop",
        "Destroy this mail. You give a reason.",
        _on("set_aside"),
        _on("set_aside"),
        HANDLES_SET_ASIDE,
    ),
    Command(
        "unblock",
        "w",
        "Unblock",
        "Take mail of this sender in again.",
        _on("set_aside"),
        _on("set_aside"),
        HANDLES_SET_ASIDE,
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
        "Send or save what you wrote.",
        _on("form", "words"),
        _on("form"),
        sign="^s",
        palette=False,
    ),
    Command(
        "send_later",
        "ctrl+t",
        "Later",
        "Choose when the reply goes out. Until then you can take it back.",
        _on("form"),
        _on("form"),
        sign="^t",
        palette=False,
    ),
    Command(
        "attach",
        "f3",
        "Attach",
        "Attach a file from the operator's folder to the reply, or take one off again.",
        _on("form"),
        _on("form"),
        WORKS_ON_TICKETS,
    ),
    Command(
        "conversation_up",
        "ctrl+up",
        "Conversation",
        "Scroll the conversation above what you write, up and down.",
        _on("form"),
        _on("form"),
        action="conversation(-1)",
        sign="^↑↓",
        palette=False,
    ),
    Command(
        "conversation_down",
        "ctrl+down",
        "Conversation down",
        "Scroll the conversation down.",
        _on("form"),
        action="conversation(1)",
        sign="^↓",
        palette=False,
    ),
    Command(
        "open_new",
        "ctrl+s",
        "Open ticket",
        "Open the ticket with this text.",
        _on("new"),
        _on("new"),
        sign="^s",
        palette=False,
    ),
    Command(
        "propose",
        "ctrl+s",
        "Propose",
        "Propose this decision. With a ground or a fee, another person must approve it.",
        _on("decision"),
        _on("decision"),
        HANDLES_TICKETS,
        sign="^s",
    ),
    Command(
        "letter",
        "f4",
        "Letter",
        "Preview the letter as it would be sent, and return.",
        _on("decision", "settle"),
        _on("decision", "settle"),
        HANDLES_TICKETS,
    ),
    Command(
        "settle",
        "ctrl+s",
        "Settle",
        "Settle the ticket this way and send the letter.",
        _on("settle"),
        _on("settle"),
        HANDLES_TICKETS,
        sign="^s",
    ),
    Command(
        "answer",
        "enter",
        "Yes",
        "Say that the ground under the cursor applies, and answer its questions.",
        _on("decision"),
        _on("decision"),
        HANDLES_TICKETS,
        sign="↵",
        palette=False,
    ),
    Command(
        "does_not_apply",
        "n",
        "No",
        "Say that the ground under the cursor does not apply.",
        _on("decision"),
        _on("decision"),
        HANDLES_TICKETS,
        palette=False,
    ),
    Command(
        "next_step",
        "J,shift+j",
        "Step",
        "Turn to the next step.",
        _on("decision", "settle"),
        _on("decision", "settle"),
        action="step(1)",
        sign="J K",
        palette=False,
    ),
    Command(
        "previous_step",
        "K,shift+k",
        "Step before",
        "Turn to the step before.",
        _on("decision", "settle"),
        action="step(-1)",
        sign="K",
        palette=False,
    ),
    *(
        Command(
            f"step_{n}",
            str(n),
            f"Step {n}",
            f"Turn to step {n}.",
            _on("decision", "settle"),
            action=f"step_number({n})",
            palette=False,
        )
        for n in range(1, 10)
    ),
    # --- hiding words
    Command(
        "mark",
        "R,shift+r",
        "Hide words",
        "Mark words that redaction missed: they are hidden on the whole ticket. Recorded.",
        _on("ticket"),
        roles=WORKS_ON_TICKETS,
        sign="R",
    ),
    Command(
        "hide_words",
        "enter",
        "Hide",
        "Hide the marked words on the whole ticket. Recorded.",
        _on("mark"),
        _on("mark"),
        WORKS_ON_TICKETS,
        sign="↵",
    ),
    Command("next_word", "right", "Next word", "Mark the next word.", _on("mark"), action="word(1)", palette=False),
    Command(
        "previous_word", "left", "Word before", "Mark the word before.", _on("mark"), action="word(-1)", palette=False
    ),
    Command(
        "more_words",
        "shift+right,space",
        "More words",
        "Mark the next word too.",
        _on("mark"),
        _on("mark"),
        action="extend(1)",
        sign="⇧→",
        palette=False,
    ),
    Command(
        "fewer_words", "shift+left", "Fewer words", "Mark a word less.", _on("mark"), action="extend(-1)", palette=False
    ),
    Command(
        "next_message",
        "tab",
        "Next",
        "Show the next message.",
        _on("mark"),
        _on("mark"),
        action="message(1)",
        palette=False,
    ),
    Command(
        "previous_message",
        "shift+tab",
        "Message before",
        "Show the message before.",
        _on("mark"),
        action="message(-1)",
        palette=False,
    ),
    Command(
        "remove_mark",
        "x",
        "Remove a mark",
        "Remove a mark that was wrong: its words are shown again. Recorded.",
        _on("mark"),
        _on("mark"),
        WORKS_ON_TICKETS,
    ),
    Command("other_side", "tab", "Other side", "Move to the requester's side, or back.", _on("ticket"), palette=False),
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
            *("ticket", "proposal", "approvals", "erasures", "help", "phone", "form", "new", "verify"),
            *("attachment", "shown_mail", "set_aside", "decision", "settle", "password", "second_factor", "mark"),
        ),
        sign="esc",
        palette=False,
    ),
    Command(
        "go_number",
        "n",
        "Ticket number",
        "Open a ticket by its number, from anywhere.",
        _on("go"),
        roles=WORKS_ON_TICKETS,
        action="ask_number",
        palette=False,
    ),
    Command("go", "g", "Go to", "Press g, then the key of a screen.", _ALL, palette=False),
    *map(_going_to, PLACES),
    # --- the console
    Command("phone", "f9", "Phone", "Show the requester's phone with what the outbox received (demo only).", _ALL),
    Command(
        "help",
        "question_mark,f1",
        "Keys",
        "Show the keys and help for this screen.",
        _on(EVERYWHERE, "sign_in", "undertaking", "password", "second_factor"),
        _on(
            *("queue", "approvals", "erasures", "log", "ticket", "form", "new", "verify", "decision", "settle"),
            *("attachment", "shown_mail", "set_aside", "mark"),
        ),
        sign="?",
    ),
    Command(
        "command_palette",
        "ctrl+p",
        "Palette",
        "Find a command by name.",
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
        "Switch between dark, light and high contrast for this session. Set `theme` in console.toml to keep it.",
        _ALL,
        action="change_theme",
        app_wide=True,
    ),
    Command("account", "f7", "Account", "Change your password or second factor.", _ALL, app_wide=True),
    Command("lock", "ctrl+l", "Lock", "Hide everything until you enter your password.", _ALL, app_wide=True),
    Command("sign_out", "ctrl+o", "Sign out", "End your session. Your drafts are saved.", _ALL, app_wide=True),
    Command(
        "quit",
        "ctrl+q",
        "Quit",
        "Leave the console. Your drafts are saved.",
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
"""For forms. Without it, letters that arrive in one burst with a Tab land in the field before, a password in clear."""

SIGNED_OUT = frozenset({"sign_in", "undertaking", "password", "second_factor", "lock", "go", "dialog", "words"})
"""Screens on which the commands of EVERYWHERE do not work."""

_BY_ID = {command.id: command for command in COMMANDS}


def command(command_id: str) -> Command:
    """The command with that id. Raises KeyError."""
    return _BY_ID[command_id]


def commands_for(where: str) -> tuple[Command, ...]:
    """The commands of a screen, its own before those of every screen, each key once."""
    own = [one for one in COMMANDS if where in one.where]
    taken = {key for one in own for key in one.keys.split(",")}
    if where not in SIGNED_OUT:
        for one in COMMANDS:
            if EVERYWHERE in one.where and one not in own and not taken & set(one.keys.split(",")):
                own.append(one)
    return tuple(own)


@cache  # asked for every binding whenever the focus moves
def roles_for(where: str, action: str) -> frozenset[Role]:
    """The roles that can run a Textual action (without its arguments) on a screen; empty when all can."""
    running = [one.roles for one in commands_for(where) if one.runs.partition("(")[0] == action]
    return frozenset().union(*running) if all(running) else frozenset()


def places_for(roles: frozenset[Role]) -> tuple[Command, ...]:
    """Where an agent with these roles can go with `g`."""
    return tuple(one for one in commands_for("go") if one.runs.startswith("go_to") and one.open_to(roles))


def bindings_for(where: str) -> list[BindingType]:
    """The Textual bindings of a screen; each has its command's id, so console.toml can rebind it."""
    return [_binding(one, where in one.footer) for one in commands_for(where) if not one.app_wide]


def app_bindings() -> list[BindingType]:
    """The bindings of the application itself; they take precedence over any screen's and any field's."""
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
    """The keys that a screen's footer shows to an agent with these roles, at most seven, in the table's order."""
    shown = [one for one in COMMANDS if where in one.footer and (not roles or one.open_to(roles))]
    return tuple(shown[:FOOTER_KEYS])


def shown_key(one: Command, rebound: Mapping[str, str]) -> tuple[str, str]:
    """How the command's key is shown, and Textual's name for its first key, after console.toml's rebinding."""
    keys = rebound.get(one.id, one.keys)
    first = keys.partition(",")[0].strip()
    return (one.sign if one.sign and keys == one.keys else _written(first)), first


def key_here(one: Command, rebound: Mapping[str, str], *, typing: bool) -> tuple[str, str] | None:
    """The same for its first key that works now: while a person types, characters and Enter are the field's. None where
    all its keys are.
    """
    sign, first = shown_key(one, rebound)
    if not typing:
        return sign, first
    keys = (key.strip() for key in rebound.get(one.id, one.keys).split(","))
    left = next((key for key in keys if not _is_typed(key)), None)
    return None if left is None else (sign if left == first else _written(left), left)


_UNICODE_NAMES = {ours: name for name, ours in KEY_NAME_REPLACEMENTS.items()}
"""What Textual calls otherwise: a slash is a solidus, which is the name that its own look-up knows."""


def _is_typed(key: str) -> bool:
    character = key_to_character(_UNICODE_NAMES.get(key, key))
    return key == "enter" or (character is not None and character.isprintable())


def _written(key: str) -> str:
    return key.replace("ctrl+", "^").replace("escape", "esc").replace("slash", "/").replace("question_mark", "?")


def palette_for(where: str, roles: frozenset[Role]) -> tuple[Command, ...]:
    """The commands that the palette offers on a screen to an agent with these roles."""
    return tuple(one for one in commands_for(where) if one.palette and one.open_to(roles))


def key_problems(keys: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with `[keys]` in console.toml: unknown commands, keys that two commands of a screen share."""
    problems = [f"keys.{one}: unknown command" for one in keys if one not in _BY_ID]
    places = sorted({place for one in COMMANDS for place in one.where})
    found: set[str] = set()
    for place in places:
        holder: dict[str, str] = {}
        for one in commands_for(place):
            for key in (part.strip() for part in keys.get(one.id, one.keys).split(",")):
                other = holder.setdefault(key, one.id)
                if other != one.id:
                    found.add(f"keys: {key} is bound to both {other} and {one.id} on the screen {place}")
    return (*problems, *sorted(found))
