"""Which words are too common to tell who someone is, and which turn a sentence into its opposite."""

from functools import cache
from pathlib import Path

from cs_console.custody.folding import folded

SHORTEST_TELLING = 3
"""A shorter part of a name tells nothing by itself."""

_TURNING = (
    "no not never none nor neither without cannot cant dont doesnt didnt wont isnt arent wasnt werent shouldnt couldnt "
    "wouldnt havent hasnt hadnt mustnt aint stop yes nein nicht nie niemals kein keine keinen keinem keiner keines "
    "ohne weder ja non ne pas jamais sans aucun aucune oui nunca jamas sin ningun ninguno ninguna tampoco si sim nao "
    "nem sem nunca nessun nessuno nessuna senza niet geen nooit zonder nee nie bez brak nikdy ne nincs nem nej "
    "inte icke aldrig ikke ikkje aldri ei eivat koskaan degil hayir yok asla hicbir не нет ни никогда без нельзя "
    "لا لم لن ليس بدون לא אין בלי tidak bukan jangan không khong đừng dung "
    "nothing refuse refuses refused reject rejects rejected decline declined deny cancel withdraw revoke object "
    "nichts niemand rien nada nadie niente nessuno niets rechazo rifiuto refuso recuso"
)
_TURNING_PIECES = ("拒绝", "拒絕", "反对", "反對", "取消", "撤回", "停止", "ません", "ない", "않", "못", "거부", "취소")
_TURNING_CHARS = frozenset("不没沒未無无非别別勿莫否是")


@cache
def common_words() -> frozenset[str]:
    """The folded words, read once when they are first asked for."""
    lines = Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_common(word: str) -> bool:
    """Whether a folded word tells nothing by itself: a common word, digits, or too short."""
    return len(word) < SHORTEST_TELLING or word.isdigit() or word in common_words()


@cache
def _turning() -> frozenset[str]:
    return frozenset(folded(word) for word in _TURNING.split())


def turns_meaning(word: str) -> bool:
    """Whether leaving out this folded word may turn what was said into its opposite."""
    if word in _turning() or not _TURNING_CHARS.isdisjoint(word):
        return True
    return not word.isascii() and any(piece in word for piece in _TURNING_PIECES)
