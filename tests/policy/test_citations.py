"""Clauses as people speak of them."""

import pytest

from cs_console.policy.citations import in_words
from tests.decisions.cases import pack

TITLES = {"I": "What we collect", "V": "Your rights"}


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("V", "Your rights"),
        ("V.4", "Your rights, section 4"),
        ("V.1, V.4", "Your rights, sections 1 and 4"),
        ("V.4, second list (1)", "Your rights, section 4, second list (1)"),
        ("I.(1)3", "What we collect, section 1.3"),
        ("V.3, I.(4)2", "Your rights, section 3 and What we collect, section 4.2"),
        ("VII", "VII"),
        ("Article 12(5)(a)", "Article 12(5)(a)"),
        ("第五部分第4条", "第五部分第4条"),
    ],
)
def test_a_part_with_a_title_is_named_by_it_and_the_rest_stays_as_cited(clause: str, words: str) -> None:
    assert in_words(TITLES, clause) == words


def test_no_ground_and_no_right_of_the_own_pack_is_cited_by_a_code() -> None:
    clauses = [*(one.clause for one in pack().grounds), *(one.clause for one in pack().rights.values())]
    cited = [pack().cited(clause) for clause in clauses]
    assert cited and all(words.startswith(tuple(pack().sections.values())) for words in cited)
