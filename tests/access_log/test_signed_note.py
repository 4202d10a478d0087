"""Checkpoints are C2SP signed notes, byte for byte, and nothing else passes for one."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.checkpoint import LogSigner, LogVerifier
from cs_console.access_log.signed_note import NotANote, key_id, read_note, was_torn

SIGNER = LogSigner("cs-console/0f0f", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ROOT = hashlib.sha256(b"root").digest()

GO_KEY_NAME = "PeterNeumann"
GO_PUBLIC = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example in the documentation of the format's reference implementation (golang.org/x/mod/sumdb/note)."""


def test_a_note_is_three_lines_an_empty_one_and_the_signature() -> None:
    note = SIGNER.sign(1284, ROOT)
    origin, size, root, empty, signature, end = note.split("\n")
    assert (origin, size, empty, end) == ("cs-console/0f0f", "1284", "", "")
    assert base64.b64decode(root) == ROOT
    dash, name, encoded = signature.split(" ")
    public = SIGNER.key.public_key()
    signed = base64.b64decode(encoded)
    assert (dash, name) == ("—", "cs-console/0f0f")
    assert signed[:4] == hashlib.sha256(b"cs-console/0f0f\n\x01" + public.public_bytes_raw()).digest()[:4]
    public.verify(signed[4:], f"cs-console/0f0f\n1284\n{root}\n".encode())


def test_key_ids_and_signatures_are_those_of_the_reference_implementation() -> None:
    assert key_id(GO_KEY_NAME, GO_PUBLIC).hex() == "c74f20a3"
    text, _, line = GO_NOTE.rpartition("\n\n")
    signed = base64.b64decode(line.split(" ")[2])
    assert signed[:4] == key_id(GO_KEY_NAME, GO_PUBLIC)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    Ed25519PublicKey.from_public_bytes(GO_PUBLIC).verify(signed[4:], text.encode() + b"\n")


def test_a_note_comes_back_as_it_was_signed() -> None:
    note = read_note(SIGNER.sign(7, ROOT))
    assert (note.origin, note.size, note.root) == ("cs-console/0f0f", 7, ROOT)
    assert SIGNER.verifier.knows(note)
    assert SIGNER.verifier.accepts(note)


def test_another_key_and_another_log_are_not_accepted() -> None:
    other_key = LogSigner(SIGNER.name, Ed25519PrivateKey.generate())
    other_log = LogSigner("cs-console/1111", SIGNER.key)
    for signer in (other_key, other_log):
        note = read_note(signer.sign(7, ROOT))
        assert not SIGNER.verifier.knows(note)
        assert not SIGNER.verifier.accepts(note)


def test_a_second_signature_by_someone_else_changes_nothing() -> None:
    witness = LogSigner("example.org/witness", Ed25519PrivateKey.generate())
    mine = SIGNER.sign(7, ROOT)
    theirs = witness.key.sign(mine.rpartition("\n\n")[0].encode() + b"\n")
    line = base64.b64encode(witness.verifier.key_id + theirs).decode()
    assert SIGNER.verifier.accepts(read_note(f"{mine}— {witness.name} {line}\n"))


@pytest.mark.parametrize("length", [1, 63, 64, 65, 2_420])
def test_signatures_by_keys_of_other_kinds_are_ignored(length: int) -> None:
    """C2SP signed-note: a verifier ignores signatures of keys that it does not know, whatever their length."""
    line = base64.b64encode(b"\x01\x02\x03\x04" + b"s" * length).decode()
    mine = SIGNER.sign(7, ROOT)
    assert SIGNER.verifier.accepts(read_note(f"{mine}— example.org/witness {line}\n"))
    text, _, signature = mine.rpartition("\n\n")
    assert SIGNER.verifier.accepts(read_note(f"{text}\n\n— example.org/witness {line}\n{signature}"))
    # under the log's own name and key id it is a wrong signature, not an unknown one
    own = base64.b64encode(SIGNER.verifier.key_id + b"s" * length).decode()
    assert not SIGNER.verifier.accepts(read_note(f"{mine}— {SIGNER.name} {own}\n"))


@given(position=some.integers(min_value=0), sign=some.characters(codec="utf-8"))
def test_no_changed_character_passes(position: int, sign: str) -> None:
    note = SIGNER.sign(1284, ROOT)
    at = position % len(note)
    changed = note[:at] + sign + note[at + 1 :]
    verifier: LogVerifier = SIGNER.verifier
    try:
        accepted = verifier.accepts(read_note(changed))
    except NotANote:
        accepted = False
    assert accepted == (changed == note)


@given(some.text())
def test_any_text_is_a_note_or_refused(text: str) -> None:
    with pytest.raises(NotANote):
        read_note(text)


@pytest.mark.parametrize("size", ["01", "-1", "+1", "1 ", "", "1" * 30, "٣", "1.0"])
def test_a_size_is_written_in_one_way_only(size: str) -> None:
    note = SIGNER.sign(1284, ROOT).replace("\n1284\n", f"\n{size}\n")
    with pytest.raises(NotANote):
        read_note(note)


def test_a_note_cut_anywhere_looks_torn_and_a_damaged_one_does_not() -> None:
    note = SIGNER.sign(1284, ROOT)
    for length in range(len(note) - 1):
        assert was_torn(note[:length])
    assert not was_torn(note.replace("1284", "x"))
