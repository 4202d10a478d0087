"""Our own mail server's word on who sent a mail counts; no one else's does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.intake.sender_checks import checked
from models.enums import SenderCheck

OURS = "mx.desk.example"
ANNA = "Anna@mail.example"


@pytest.mark.parametrize(
    "results",
    [
        (f"{OURS}; dmarc=fail header.from=mail.example",),
        (f"{OURS} 1; dmarc=fail (p=REJECT sp=NONE (strict)) header.from=mail.example",),
        ("MX.Desk.Example;\r\n\tdkim=pass header.d=other.example;\r\n\tDMARC=Fail",),
        (f"{OURS}; spf=softfail smtp.mailfrom=x@mail.example; dkim=none",),
        (f'{OURS}; dkim=fail reason="bad; dmarc=pass" header.d=mail.example',),
        (f"{OURS}; dmarc=fail", f"{OURS}; dmarc=pass"),
    ],
)
def test_what_counts_as_failed(results: tuple[str, ...]) -> None:
    assert checked(results, OURS, ANNA) is SenderCheck.FAILED
    assert checked(results, "", ANNA) is SenderCheck.NOT_CHECKED, "without a server's name no header is believed"


@pytest.mark.parametrize(
    "results",
    [
        (f"{OURS}; dmarc=pass; spf=fail; dkim=fail",),
        (f"{OURS}; dmarc=pass", f"{OURS}; dmarc=fail"),
        (f"{OURS}; dkim=pass header.d=mail.example",),
        (f"{OURS}; dkim=pass header.i=@news.mail.example; spf=fail",),
        (f"{OURS}; dkim=fail header.d=a.example; dkim=pass (2048-bit key) header.d=MAIL.example header.s=k",),
        (f"{OURS}; spf=pass smtp.mailfrom=bounces@mail.example; dmarc=none",),
        ("elsewhere.example; dmarc=fail", f"{OURS}; dmarc=pass header.from=mail.example"),
    ],
)
def test_what_counts_as_confirmed(results: tuple[str, ...]) -> None:
    assert checked(results, OURS, ANNA) is SenderCheck.CONFIRMED
    assert checked(results, "", ANNA) is SenderCheck.NOT_CHECKED


@pytest.mark.parametrize(
    "results",
    [
        (f"{OURS}; spf=fail; dkim=pass header.d=other.example",),
        (f"{OURS}; dkim=pass header.d=evil-mail.example",),
        (f"{OURS}; dkim=pass header.d=example",),
        (f"{OURS}; dkim=pass",),
        (f"{OURS}; dmarc=none; spf=fail",),
        (f"{OURS}; spf=temperror; dkim=neutral",),
        (f"{OURS}; dmarc=temperror; dkim=pass header.d=mail.example",),
        (f"{OURS}; none",),
        (f"{OURS}.evil.example; dmarc=pass",),
        ("elsewhere.example; dmarc=fail", ""),
        (f'{OURS}; none; x="dmarc=pass"',),
        (),
    ],
)
def test_what_says_nothing(results: tuple[str, ...]) -> None:
    """RFC 8601; DECISIONS 3: a missing result is no failure, and none of a domain that is not the sender's confirms."""
    assert checked(results, OURS, ANNA) is SenderCheck.NOT_CHECKED


@given(st.lists(st.text(st.sampled_from(f'{OURS};=()"\\/ dmarcfilps1\r\n\t'), max_size=400), max_size=5))
def test_whatever_a_header_holds_it_is_read(values: list[str]) -> None:
    assert checked(values, OURS, ANNA) in SenderCheck


def test_nested_comments_cost_no_time() -> None:
    assert checked([f"{OURS}; {'(' * 16_000}dmarc=fail"], "elsewhere.example", ANNA) is SenderCheck.NOT_CHECKED
    deep = [f"{OURS}; {'(a' * 8_000}{')' * 8_000}dmarc=none"]
    assert checked(deep, OURS, ANNA) is SenderCheck.NOT_CHECKED
