"""Words that attack a terminal, a widget or a reader (SECURITY.md, "Text from outside")."""

COMMANDS = (
    "\x1b]52;c;cXVva2th\x07",  # writes the clipboard
    "\x1b]0;quokka\x07",  # sets the title
    "\x1b[2J\x1b[13;7H",  # clears the screen, moves the cursor
    "\x1b[6n\x1b[>c",  # asks the terminal, whose answer is typed for the agent
    "\x1b]8;;https://quokka.example\x1b\\",  # makes a link
    "\x1bPquokka\x1b\\\x1b_quokka\x1b\\",  # device and application commands
    "\x9b31m\x9d0;quokka\x9c\x90quokka\x9c",  # the same by single C1 bytes
    "\x1bc\x1b#8\x1b(0",  # reset, alignment test, line drawing
    "\x00\x07\x08\x0b\x0c\x0e\x0f\x7f",  # single control characters
)

INVISIBLE = (
    "\u202egnp.exe\u202c \u2066isolate\u2069",  # turns the direction of reading
    "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg",  # letters without width
    "\U000e0041\U000e0042\U000e007f",  # tag characters
)

MARKUP = (
    "[@click=app.quit]press me[/]",
    "[ @click=app.quit]press me[/]",
    "[/x]",
    "[/]",
    "[bold red on white]loud[/bold red on white]",
    "[link=https://quokka.example]link[/link]",
    "\\[b]escaped[/b]",
    "[$primary]variable",
    "{self.app.exit()} %s %(name)s",
)

HOSTILE = tuple(f"quokka {text} end" for text in (*COMMANDS, *INVISIBLE, *MARKUP))
