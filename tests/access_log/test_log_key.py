"""The log's public key as a line: the reference implementation's form, and nothing else passes for one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.checkpoint import LogVerifier
from cs_console.access_log.log_key import NotAKey, key_line, read_key_line
from cs_console.access_log.signed_note import key_id, note_text, read_note
from tests.access_log.test_signed_note import ROOT, SIGNER

GO_LINE = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""The verifier key in the documentation of the format's reference implementation (golang.org/x/mod/sumdb/note)."""


def test_the_line_is_the_reference_implementations() -> None:
    verifier = read_key_line(GO_LINE)
    assert (verifier.name, verifier.key_id.hex()) == ("PeterNeumann", "c74f20a3")
    assert key_line(verifier) == GO_LINE


def test_a_key_comes_back_from_its_line_and_checks_the_logs_notes() -> None:
    verifier = read_key_line(f"  {key_line(SIGNER.verifier)}\n")
    assert verifier == SIGNER.verifier
    note = read_note(SIGNER.sign(7, ROOT))
    assert verifier.accepts(note)
    assert not verifier.accepts(read_note(note_text(note.text.replace("7\n", "8\n", 1), note.signatures)))


@given(position=some.integers(min_value=0), sign=some.characters(codec="utf-8"))
def test_no_changed_character_passes(position: int, sign: str) -> None:
    line = key_line(SIGNER.verifier)
    at = position % len(line)
    changed = line[:at] + sign + line[at + 1 :]
    if changed == line:
        assert read_key_line(changed) == SIGNER.verifier
    else:
        with pytest.raises(NotAKey):
            read_key_line(changed)


@given(some.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotAKey):
        read_key_line(text)


def test_another_kind_of_key_is_refused() -> None:
    public = SIGNER.verifier.public.public_bytes_raw()
    other = base64.b64encode(b"\x02" + public).decode()
    with pytest.raises(NotAKey):
        read_key_line(f"name+{key_id('name', public).hex()}+{other}")
    renamed = LogVerifier("another", SIGNER.verifier.public)
    assert read_key_line(key_line(renamed)) != SIGNER.verifier
