"""What *start* is held against: a bare Textual app with a header, a form and a footer."""

from textual.app import App, ComposeResult
from textual.widgets import Button, Footer, Header, Input, Label


class BareApp(App[None]):
    """As little as a sign-in screen can be."""

    TITLE = "A bare app"
    BINDINGS = [("ctrl+q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        yield Header()
        yield Label("Sign in to work.")
        yield Input(placeholder="Name")
        yield Input(placeholder="Password", password=True)
        yield Button("Sign in")
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
