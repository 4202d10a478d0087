"""What a ticket says about a file: its redacted name, its type in words, its size, and when it was deleted."""

from cs_console.casework.attachments import AttachmentLabel
from cs_console.local_time import day
from screens.frame.amounts import size_words

_TYPES = {
    "application/pdf": "PDF",
    "text/csv": "CSV",
    "text/plain": "text",
    "text/html": "HTML",
    "message/rfc822": "mail",
    "application/zip": "ZIP archive",
    "application/octet-stream": "type not given",
    "": "type not given",
}


def label_words(label: AttachmentLabel) -> str:
    """The file on one line."""
    deleted = f", deleted {day(label.deleted_at)}" if label.deleted_at else ""
    return f"{label.name}, {_type_words(label.media_type)}, {size_words(label.size)}{deleted}"


def _type_words(media_type: str) -> str:
    """`PDF`, `PNG image`; the type itself where people have no word for it."""
    general, _, special = media_type.partition("/")
    if general == "image":
        return f"{special.partition('+')[0].upper()} image"
    return _TYPES.get(media_type, media_type)
