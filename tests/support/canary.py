"""A word that stands nowhere but in what a requester gave us, a mail full of it, and every form it could leak in."""

import base64
from email.message import EmailMessage

CANARY = "Zaunkönig7f3b"
ASCII = "zaunkonig7f3b"


def traces(word: str) -> list[bytes]:
    """The word as it could stand in a file: UTF-8, UTF-16, escaped, and base64 at any of its three offsets."""
    plain = word.encode()
    found = [
        plain,
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        ascii(word)[1:-1].encode(),
        plain.hex().encode(),
    ]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain + b"\0" * 3)
        found.append(encoded[4 : 4 * ((offset + len(plain)) // 3)])
    return [one for one in found if len(one) > 8]


NEEDLES = [trace for word in (CANARY, CANARY.lower(), ASCII, ASCII.upper()) for trace in traces(word)]


def canary_mail(reference: str) -> bytes:
    """An appeal that holds the word wherever a mail can hold one."""
    mail = EmailMessage()
    mail["From"] = f'"{CANARY} Example" <{ASCII}@{ASCII}.example>'
    mail["To"] = f"{ASCII}+tag@desk.example, appeals@desk.example"
    mail["Reply-To"] = f"{ASCII}@reply.example"
    mail["Subject"] = f"About {CANARY}"
    mail["Message-ID"] = f"<{reference}.{ASCII}@x.example>"
    mail["In-Reply-To"] = f"<0.{ASCII}@x.example>"
    mail.set_content(f"My name is {CANARY}, write to {ASCII}@{ASCII}.example.")
    mail.add_alternative(f"<p>{CANARY}</p>", subtype="html")
    mail.add_attachment(f"{CANARY} in a file".encode(), maintype="text", subtype="csv", filename=f"{CANARY}.csv")
    return mail.as_bytes()
