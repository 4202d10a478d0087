"""Checking a proof with nothing but the log's public key: no desk, no store, no secret."""

from dataclasses import dataclass

from cs_console.access_log.checkpoint import LogVerifier
from cs_console.access_log.merkle import leaf_hash
from cs_console.access_log.merkle_proofs import verify_consistency, verify_inclusion
from cs_console.access_log.proof_file import ConsistencyProof, InclusionProof, Proof, ProvenEntry
from cs_console.access_log.signed_note import SignedNote


@dataclass(frozen=True)
class ProofVerdict:
    """What `check_proof` found.

    `log`: the key's name. `size` and `root` (hex): what the newer checkpoint states. `entries`: how many the proof is
    about, `withheld`: in how many of them who did it and the reason are withheld; `since`: the older checkpoint's size;
    None where the proof is of the other sort. `first_bad`: the number of the first entry that is not in the log, or
    the size of the checkpoint that does not hold. `kind`: "" when all holds, else foreign signature (another log, or
    another key), checkpoint (changed after it was signed), edited (an entry, its number or its path) or rewritten
    (the newer log does not begin with the older).
    """

    ok: bool
    log: str
    size: int
    root: str
    entries: int | None
    since: int | None
    first_bad: int | None
    kind: str
    withheld: int | None


def check_proof(proof: Proof, verifier: LogVerifier) -> ProofVerdict:
    """Say whether the proof holds for the log that this key signs."""
    kind, first_bad = _flaw(proof, verifier)
    return ProofVerdict(
        ok=not kind,
        log=verifier.name,
        size=proof.checkpoint.size,
        root=proof.checkpoint.root.hex(),
        entries=len(proof.entries) if isinstance(proof, InclusionProof) else None,
        since=proof.since.size if isinstance(proof, ConsistencyProof) else None,
        first_bad=first_bad,
        kind=kind,
        withheld=sum(one.withheld for one in proof.entries) if isinstance(proof, InclusionProof) else None,
    )


def _flaw(proof: Proof, verifier: LogVerifier) -> tuple[str, int | None]:
    notes = (proof.since, proof.checkpoint) if isinstance(proof, ConsistencyProof) else (proof.checkpoint,)
    if proof.log != verifier.name:
        return "foreign signature", proof.checkpoint.size
    for note in notes:
        if not verifier.knows(note):
            return "foreign signature", note.size
        if not verifier.accepts(note):
            return "checkpoint", note.size
    newest = proof.checkpoint
    if isinstance(proof, InclusionProof):
        bad = next((proven.index + 1 for proven in proof.entries if not _holds(proven, newest)), None)
        return ("", None) if bad is None else ("edited", bad)
    since = proof.since
    if verify_consistency(since.size, newest.size, since.root, newest.root, proof.path):
        return "", None
    return "rewritten", newest.size


def _holds(proven: ProvenEntry, note: SignedNote) -> bool:
    """Whether the entry's own bytes lead to the signed root from the position that it states."""
    if proven.row[0] != proven.index + 1:
        return False
    try:
        leaf = leaf_hash(proven.hashed)
    except ValueError:  # a salt that no console made
        return False
    return verify_inclusion(leaf, proven.index, note.size, proven.path, note.root)
