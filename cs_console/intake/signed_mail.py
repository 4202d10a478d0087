"""The mail inside an S/MIME signature (RFC 8551), and which protection a part has; no signature is checked here."""

from enum import Enum

_MOST_LENGTH = 30 * 1024 * 1024


class Protection(Enum):
    """What was done to a mail before it was sent."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    UNKNOWN = "unknown"


def opened(data: bytes) -> tuple[Protection, bytes]:
    """What kind of S/MIME this is, and of a signed one the mail inside; never raises."""
    from asn1crypto import cms  # only where a mail is packed into its signature

    if not data or len(data) > _MOST_LENGTH:
        return Protection.UNKNOWN, b""
    try:
        info = cms.ContentInfo.load(data)
        kind = info["content_type"].native
        if kind == "signed_data":
            content = info["content"]["encap_content_info"]["content"].native
            return Protection.SIGNED, content if isinstance(content, bytes) else b""
    except (ValueError, TypeError, KeyError, RecursionError, IndexError, AttributeError):
        return Protection.UNKNOWN, b""
    encrypted = kind in (
        "enveloped_data",
        "authenticated_enveloped_data",
        "encrypted_data",
        "signed_and_enveloped_data",
    )
    return (Protection.ENCRYPTED if encrypted else Protection.UNKNOWN), b""
