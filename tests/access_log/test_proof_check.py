"""A proof holds as it was written; nothing that was changed anywhere in it does."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.canonical import COMMITTED, committed, entry_bytes
from cs_console.access_log.checkpoint import LogSigner, LogVerifier
from cs_console.access_log.merkle import leaf_hash
from cs_console.access_log.proof_check import ProofVerdict, check_proof
from cs_console.access_log.proof_file import (
    ENTRY_COLUMNS,
    ConsistencyProof,
    InclusionProof,
    NotAProof,
    Proof,
    ProvenEntry,
    proof_text,
    read_proof,
)
from cs_console.access_log.signed_note import read_note
from tests.access_log.proofs import SIGNER, consistency, inclusion, row

PROOFS: dict[str, Proof] = {
    "one entry": inclusion(11, 6),
    "entries": inclusion(11, 1, 2, 11),
    "the only entry": inclusion(1, 1),
    "withheld": inclusion(11, 1, 11, withhold=True),
    "consistency": consistency(6, 11),
    "power of two": consistency(8, 11),
    "same size": consistency(5, 5),
}
FILES = {name: proof_text(proof).encode() for name, proof in PROOFS.items()}
some_file = some.sampled_from(sorted(FILES))


def found(data: bytes, verifier: LogVerifier = SIGNER.verifier) -> str:
    """What the check says of a file: "holds", or what is wrong with it."""
    try:
        verdict = check_proof(read_proof(data), verifier)
    except NotAProof:
        return "no proof"
    assert verdict.ok == (verdict.kind == "")
    return verdict.kind or "holds"


@pytest.mark.parametrize("name", FILES)
def test_a_proof_comes_back_from_its_file_and_holds(name: str) -> None:
    proof = PROOFS[name]
    read = read_proof(FILES[name])
    assert read == proof
    assert FILES[name].isascii()
    is_inclusion = isinstance(proof, InclusionProof)
    assert check_proof(read, SIGNER.verifier) == ProofVerdict(
        ok=True,
        log="cs-console/0f0f",
        size=proof.checkpoint.size,
        root=proof.checkpoint.root.hex(),
        entries=len(proof.entries) if isinstance(proof, InclusionProof) else None,
        since=None if isinstance(proof, InclusionProof) else proof.since.size,
        first_bad=None,
        kind="",
        withheld={"withheld": 2, "consistency": None, "power of two": None, "same size": None}.get(name, 0),
    )
    assert is_inclusion == ("entries" in json.loads(FILES[name]))


def test_the_form_of_an_inclusion_proof_is_stable() -> None:
    shape = json.loads(FILES["one entry"])
    assert list(shape) == ["version", "log", "checkpoint", "entries"]
    assert (shape["version"], shape["log"]) == (1, "cs-console/0f0f")
    assert SIGNER.verifier.accepts(read_note(shape["checkpoint"]))
    (proven,) = shape["entries"]
    assert list(proven) == ["index", "entry", "path"]
    assert proven["index"] == 5
    assert tuple(proven["entry"]) == ENTRY_COLUMNS[:-1]
    assert tuple(proven["entry"].values()) == row(6)[:-1]
    plain = json.loads(proof_text(inclusion(11, 4)))["entries"][0]["entry"]
    assert tuple(plain) == ENTRY_COLUMNS[:-2], "an entry that vouches for nothing is written as older desks did"
    salted = json.loads(proof_text(inclusion(11, 9)))["entries"][0]["entry"]
    assert tuple(salted.values()) == row(9)
    assert [len(part) for part in proven["path"]] == [44, 44, 44, 44]


def test_a_proof_can_withhold_who_did_it_and_the_reason() -> None:
    """DECISIONS: a report to a requester proves a consultation without the name of staff."""
    shape = json.loads(FILES["withheld"])
    for proven, seq in zip(shape["entries"], (1, 11), strict=True):
        assert tuple(proven["entry"]) == COMMITTED
        whole = dict(zip(ENTRY_COLUMNS, row(seq), strict=True))
        told = {name: value for name, value in proven["entry"].items() if name in whole}
        assert told == {name: whole[name] for name in told}
        assert not {"actor", "roles", "session", "host", "reason", "about", "salt"} & set(told)
    first, second = (proven["entry"] for proven in shape["entries"])
    assert (row(1)[2:6], row(1)[14]) == (row(11)[2:6], row(11)[14]), "the same person, for the same reason"
    assert first["staff_hash"] != second["staff_hash"], "but no one can tell"
    assert first["reason_hash"] != second["reason_hash"]


def test_a_commitment_opens_to_what_was_withheld_alone() -> None:
    """SHA-256 over 0x02, half of the salt, and the array of what is committed to: not by the console's own code."""
    entry = dict(zip(COMMITTED, committed(row(11)), strict=True))
    salt = str(row(11)[-1])
    staff = json.dumps(row(11)[2:6], separators=(",", ":"), ensure_ascii=False)
    why = json.dumps(row(11)[14:16], separators=(",", ":"), ensure_ascii=False)
    assert entry["staff_hash"] == hashlib.sha256(b"\x02" + (salt[:32] + staff).encode()).hexdigest()
    assert entry["reason_hash"] == hashlib.sha256(b"\x02" + (salt[32:] + why).encode()).hexdigest()


def test_an_entry_of_an_older_desk_withholds_nothing() -> None:
    with pytest.raises(ValueError, match="salt"):
        inclusion(11, 2, withhold=True)


def test_the_form_of_a_consistency_proof_is_stable() -> None:
    shape = json.loads(FILES["consistency"])
    assert list(shape) == ["version", "log", "since", "checkpoint", "consistency"]
    assert (read_note(shape["since"]).size, read_note(shape["checkpoint"]).size) == (6, 11)


@given(name=some_file, position=some.integers(min_value=0), byte=some.integers(0, 255))
def test_no_changed_byte_passes(name: str, position: int, byte: int) -> None:
    data = FILES[name]
    at = position % len(data)
    changed = data[:at] + bytes([byte]) + data[at + 1 :]
    assert (found(changed) == "holds") == (changed == data)


@pytest.mark.parametrize("name", ["the only entry", "power of two"])
def test_no_flipped_bit_of_a_whole_file_passes(name: str) -> None:
    data = FILES[name]
    for at in range(len(data)):
        for bit in (1, 4, 32):
            assert found(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]) != "holds"


@given(name=some_file, begin=some.integers(min_value=0), length=some.integers(0, 40), put=some.binary(max_size=20))
def test_nothing_cut_out_or_put_in_passes(name: str, begin: int, length: int, put: bytes) -> None:
    data = FILES[name]
    at = begin % (len(data) + 1)
    changed = data[:at] + put + data[at + length :]
    assert (found(changed) == "holds") == (changed == data)


@given(some.binary())
def test_any_bytes_are_a_proof_or_refused(data: bytes) -> None:
    assert found(data) == "no proof"


def changed_shape(name: str, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with its parts changed and written down as the console would."""
    shape = json.loads(FILES[name])
    change(shape)
    return (json.dumps(shape, indent=1) + "\n").encode()


def leaf_places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, inner in pairs for found in leaf_places(inner, (*place, key))]
    return [place]


@given(some.data())
def test_no_changed_value_passes(data: some.DataObject) -> None:
    name = data.draw(some_file)
    place = data.draw(some.sampled_from(leaf_places(json.loads(FILES[name]))))
    texts = some.text(max_size=5).map(lambda text: f"{text}A")
    value = data.draw(some.none() | some.booleans() | some.integers() | some.floats() | texts)

    def change(shape: Any) -> None:
        for key in place[:-1]:
            shape = shape[key]
        shape[place[-1]] = value

    changed = changed_shape(name, change)
    assert (found(changed) == "holds") == (changed == FILES[name])


def first(shape: dict[str, Any]) -> dict[str, Any]:
    return shape["entries"][0]  # type: ignore[no-any-return]


def restate(shape: dict[str, Any], part: str, old: str, new: str) -> None:
    assert old in shape[part]
    shape[part] = shape[part].replace(old, new)


@pytest.mark.parametrize(
    ("name", "change", "kind"),
    [
        ("one entry", lambda shape: first(shape)["entry"].update(actor="omar"), "edited"),
        ("one entry", lambda shape: first(shape)["entry"].update(seconds=None), "edited"),
        ("one entry", lambda shape: first(shape)["entry"].update(seq=7), "edited"),
        ("one entry", lambda shape: first(shape).update(index=6), "edited"),
        ("one entry", lambda shape: (first(shape).update(index=6), first(shape)["entry"].update(seq=7)), "edited"),
        ("one entry", lambda shape: first(shape)["path"].pop(), "edited"),
        ("one entry", lambda shape: first(shape)["path"].append(first(shape)["path"][0]), "edited"),
        ("one entry", lambda shape: shape.update(log="cs-console/1111"), "foreign signature"),
        ("one entry", lambda shape: restate(shape, "checkpoint", "\n11\n", "\n12\n"), "checkpoint"),
        ("consistency", lambda shape: shape["consistency"].reverse(), "rewritten"),
        ("consistency", lambda shape: shape.update(since=shape["checkpoint"], checkpoint=shape["since"]), "rewritten"),
        ("consistency", lambda shape: restate(shape, "since", "\n6\n", "\n5\n"), "checkpoint"),
        ("entries", lambda shape: shape["entries"].clear(), "no proof"),
        ("entries", lambda shape: shape["entries"].append(shape["entries"][0]), "no proof"),
        ("entries", lambda shape: shape["entries"].reverse(), "no proof"),
        ("entries", lambda shape: shape.update(more=1), "no proof"),
        ("entries", lambda shape: first(shape)["entry"].update(tag="x"), "no proof"),
        ("entries", lambda shape: first(shape)["entry"].update(ticket=True), "no proof"),
        ("entries", lambda shape: first(shape)["entry"].update(actor=None), "no proof"),
        ("entries", lambda shape: first(shape)["entry"].update(reason="\ud800"), "no proof"),
        ("entries", lambda shape: shape.update(version=2), "no proof"),
        ("entries", lambda shape: shape.update(since=shape["checkpoint"]), "no proof"),
        ("entries", lambda shape: shape.update(checkpoint=shape["checkpoint"] + "— other AAAA\n"), "no proof"),
    ],
)  # fmt: skip
def test_each_change_is_called_by_its_name(name: str, change: Callable[[dict[str, Any]], object], kind: str) -> None:
    assert found(changed_shape(name, change)) == kind


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "[1]", '{"version": 1}', '{"version": true}', '{"version": 1, "since": 1}',
     '{"version": 1, "log": "x", "checkpoint": "y", "entries": 3}',
     pytest.param("[" * 100_000, id="deep"), pytest.param('{"version": ' + "9" * 5000 + "}", id="long number")],
)  # fmt: skip
def test_a_malformed_file_is_no_proof(text: str) -> None:
    assert found(text.encode()) == "no proof"


def test_a_file_of_another_version_is_called_so() -> None:
    with pytest.raises(NotAProof, match="another version"):
        read_proof(FILES["entries"].replace(b'"version": 1,', b'"version": 2,'))


def test_a_log_signed_with_a_wrong_number_in_it_proves_nothing_of_that_entry() -> None:
    leaf = leaf_hash(entry_bytes(row(7)))
    proof = InclusionProof(SIGNER.name, read_note(SIGNER.sign(1, leaf)), (ProvenEntry(0, row(7), ()),))
    verdict = check_proof(proof, SIGNER.verifier)
    assert (verdict.kind, verdict.first_bad) == ("edited", 1)


def test_a_proof_written_anew_is_no_proof_even_if_it_says_the_same() -> None:
    shape = json.loads(FILES["entries"])
    assert found(json.dumps(shape).encode()) == "no proof"
    assert found(FILES["entries"].replace(b"\n", b"\r\n")) == "no proof"
    assert found(FILES["entries"].rstrip()) == "no proof"
    twice = FILES["entries"].replace(b'"version": 1,', b'"version": 2,\n "version": 1,')
    assert found(twice) == "no proof"


def test_a_second_signature_is_refused_because_nobody_would_check_it() -> None:
    proof = PROOFS["one entry"]
    witness = LogSigner("example.org/witness", Ed25519PrivateKey.generate())
    other = read_note(witness.sign(11, proof.checkpoint.root)).signatures
    both = replace(proof.checkpoint, signatures=proof.checkpoint.signatures + other)
    assert found(proof_text(replace(proof, checkpoint=both)).encode()) == "no proof"


def test_another_key_or_another_log_does_not_vouch_for_it() -> None:
    for signer in (LogSigner(SIGNER.name, Ed25519PrivateKey.generate()), LogSigner("cs-console/1111", SIGNER.key)):
        assert {found(data, signer.verifier) for data in FILES.values()} == {"foreign signature"}


def test_the_numbers_name_what_is_bad() -> None:
    proof = inclusion(11, 2, 5, 9)
    late = replace(proof.entries[1], row=(*row(5)[:-1], "changed"))
    verdict = check_proof(replace(proof, entries=(proof.entries[0], late, proof.entries[2])), SIGNER.verifier)
    assert (verdict.kind, verdict.first_bad, verdict.entries) == ("edited", 5, 3)
    other = PROOFS["consistency"]
    assert isinstance(other, ConsistencyProof)
    verdict = check_proof(replace(other, path=other.path[:-1]), SIGNER.verifier)
    assert (verdict.kind, verdict.first_bad, verdict.since) == ("rewritten", 11, 6)
