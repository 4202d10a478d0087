"""What is known of a requester is hidden however it is written, and hides no other words."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_console.custody.folding import Folded, Span
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact
from models.contact_fields import Field

REGIONS = ("CN", "GB", "DE", "US")


def _of(name: str) -> KnownTerms:
    return KnownTerms(((Field.NAME, name),))


def _claimed(name: str) -> KnownTerms:
    return KnownTerms((), ((Field.NAME, name),))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Jürgen Müller", "Juergen Mueller"),
        ("Jürgen Müller", "JURGEN MULLER"),
        ("Juergen Mueller", "Jürgen Müller"),
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("Søren Ångström", "Soeren Aangstroem"),
        ("Þórður Æsisson", "Thordur Aesisson"),
        ("Đặng Ħadriġ", "Dang Hadrig"),
        ("Zeynep Işık", "ZEYNEP ISIK"),
        ("Œuvrard Weiß", "oeuvrard weiss"),
        ("Siobhán O'Rourke", "Siobhan O\u2019Rourke"),
        ("Siobhán O\u2019Rourke", "siobhan orourke"),
        ("Siobhan ORourke", "Siobhan O`Rourke"),
        ("Anna-Lena Beisswenger", "Anna Lena Beisswenger"),
        ("Annalena Beisswenger", "Anna-Lena Beisswenger"),
        ("Anna Lena Beisswenger", "ANNA\u2010LENA BEISSWENGER"),
        ("Xiomara Quimby", "Xio\u200bmara Qui\u00admby"),
        ("Xiomara Quimby", "X\ufe0fiomara \U0001d410\U0001d42e\U0001d422\U0001d426\U0001d41b\U0001d432"),
        ("Xiomara Quimby", "Ｘｉｏｍａｒａ Ｑｕｉｍｂｙ"),
        ("Xiomara Quimby", "Q u i m b y"),
        ("Xiomara Quimby", "XiomaraQuimby"),
        ("Xiomara Quimby", "Xiomara\u200bQuimby"),
        ("Xiomara Quimby", "quimby\u2060xiomara"),
        ("Xiomara Quimby", "XIOMARA\u00adQUIMBY"),
        ("Will Oakley", "WillOakley"),
        ("Jürgen Müller", "Juergen\u200dMueller"),
        ("Xiomara Zoë Quimby", "XiomaraZoeQuimby"),
        ("Xiomara Zoë Quimby", "Xiomara\u200bZoë\u200bQuimby"),
        ("Xiomara Zoë Quimby", "XiomaraQuimby"),
        ("Xiomara Quimby", "Quimby, Xiomara's"),
        ("Xiomara Quimby", unicodedata.normalize("NFD", "Xiómará Quìmby")),
        ("韩非子", "韩 非子"),
        ("김민준", unicodedata.normalize("NFD", "김민준")),
        ("が王小明", "か\u3099王 小\u200b明"),
    ],
)
def test_a_name_on_file_is_hidden_however_it_is_written(name: str, written: str) -> None:
    out = redact(f"please write to {written} today", REGIONS, _of(name))
    assert re.sub(r"\[name\]('s)?,? ?", "", out) == "please write to today"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Will May", "I will wait. May I ask what you will do? It may take days, or will it? May be."),
        ("Delete My Account Team", "Please delete my account. Your team said that the account is safe."),
        ("Parcel DeskSession", "The parcel is not at the desk, and no one can say where a parcel goes."),
        ("Grace Hope Price", "I hope the price is right. Hope to hear from you, with good grace."),
        ("Rose Green", "She rose early and painted it green."),
        ("Klein Groß", "Das Paket war klein, die Freude groß."),
        ("Petit Blanc", "Le colis est petit, le papier est blanc."),
        ("Cielo Blanco", "La caja es cielo y el papel es blanco."),
        ("Can Not", "I cannot say that it is not so."),
        ("May Be", "Maybe it is, maybe not."),
        ("No Never", "No, I never asked. Never delete it. No!"),
        ("Nie Nicht", "Das habe ich nie gesagt und werde es nicht sagen."),
    ],
)
def test_names_that_are_common_words_hide_no_other_words(name: str, text: str) -> None:
    assert redact(text, REGIONS, _of(name)) == text
    assert redact(text, REGIONS, _claimed(name)) == text
    assert redact(text, REGIONS, KnownTerms(((Field.NICKNAME, name.split()[0]),))) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("this is Will May speaking", "this is [name] speaking"),
        ("this is will may speaking", "this is [name] speaking"),
        ("it was May, Will who wrote", "it was [name] who wrote"),
        ("I asked Will about it", "I asked [name] about it"),
        ("my name is will", "my name is [name]"),
        ("Kind regards\nWill", "Kind regards\n[name]"),
        ("Thanks, Will", "Thanks, [name]"),
        ("Dear Will,\nwill you come?", "Dear [name],\nwill you come?"),
        ("You Will Not Get Your Parcel Back", "You Will Not Get Your Parcel Back"),
        ("I AM ANGRY AND WILL SUE", "I AM ANGRY AND WILL SUE"),
    ],
)
def test_a_common_word_counts_beside_another_part_or_where_it_is_a_name(text: str, shown: str) -> None:
    assert redact(text, REGIONS, _of("Will May")) == shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("not", "I never asked, do not delete"),
        ("do not", "I never asked, do not delete"),
        ("do not", "Delete it?\ndo not\n"),
        ("Do Not", "Please Do Not Delete"),
        ("never asked", "I never asked, do not delete"),
        ("No", "Shall we erase it?\nNo\n"),
        ("nicht löschen", "Bitte nicht löschen!"),
        ("No Borrar", "Por favor: no borrar. No Borrar."),
        ("ne pas", "ne pas effacer"),
        ("Account Deleted", "I want my account deleted."),
        ("Delete", "Please Delete everything."),
        ("不要", "请 不要 删除\n不要\n"),
        ("别删", "我是别删。别删"),
        ("nie usuwaj", "proszę nie usuwaj konta"),
        ("Quimby", "Quimby is what the parcel says"),
    ],
)
def test_no_claimed_name_takes_meaning_away(name: str, text: str) -> None:
    """`From: not <victim@...>` turned "I never asked, do not delete" into its opposite."""
    assert redact(text, REGIONS, _claimed(name)) == text


def test_a_claimed_name_is_hidden_whole_where_it_is_one() -> None:
    text = "I am Xiomara Quimby. Xiomara is fine too.\nRegards\nXiomara Quimby"
    assert redact(text, REGIONS, _claimed("Xiomara Quimby")) == ("I am [name]. Xiomara is fine too.\nRegards\n[name]")
    assert redact("Regards\nWill May", REGIONS, _claimed("Will May")) == "Regards\n[name]"
    assert redact("I am Xiomara\u200bQuimby.", REGIONS, _claimed("Xiomara Quimby")) == "I am [name]."
    assert redact("您好，我是王小明。王小明很好", REGIONS, _claimed("王小明")) == "您好，我是[name]。王小明很好"


def test_claims_other_than_contacts_and_names_hide_nothing() -> None:
    claimed = KnownTerms((), ((Field.NICKNAME, "parcel"), (Field.POSTCODE, "104822"), (Field.OTHER, "not")))
    assert redact("my parcel 104822 is not here", REGIONS, claimed) == "my parcel 104822 is not here"


POISON = "I did not ask for that. Do not delete it. It is not 1 parcel but 10.\ndid not\nNo\ndo not\n不要删除。不要\n"


@pytest.mark.parametrize("kind", [Field.POSTCODE, Field.ADDRESS, Field.NICKNAME, Field.OTHER, Field.NAME])
@pytest.mark.parametrize(
    "value",
    [
        "did not",
        "do not",
        "Do not delete",
        "not 1",
        "not",
        "No",
        "ask for",
        "10",
        "1",
        "not, do not",
        "不要",
        "不要删除",
    ],
)
def test_no_value_on_file_takes_meaning_away(kind: Field, value: str) -> None:
    """An agent or a record of the platform may put anything on file, for all that the requester ever wrote."""
    if value == "ask for" and kind in (Field.ADDRESS, Field.NAME):
        return  # two words in a row that tell nothing and turn nothing
    assert redact(POISON, REGIONS, KnownTerms(((kind, value),))) == POISON


@pytest.mark.parametrize(
    ("kind", "value", "text", "shown"),
    [
        (Field.POSTCODE, "SW1A 1AA", "at SW1A 1AA, or sw1a1aa", "at [postcode], or [postcode]"),
        (Field.POSTCODE, "1234 AB", "at 1234ab now", "at [postcode] now"),
        (Field.POSTCODE, "NO-0150", "at NO-0150 now", "at NO-[postcode] now"),
        (Field.POSTCODE, "101", "it is 101 here", "it is [postcode] here"),
        (Field.ADDRESS, "No. 5 Xinhua Road, Shanghai", "I live at no. 5 Xinhua Road.", "I live at no. [address]."),
        (Field.ADDRESS, "Flat 3, No 5 Long Street", "Write to:\nNo 5 Long Street", "Write to:\nNo [address]"),
        (Field.ADDRESS, "Rua Sem Medo 12, Coimbra", "Moro em Coimbra.", "Moro em [address]."),
        (Field.ADDRESS, "无锡市滨湖区太湖大道", "我在无锡市滨湖区太湖大道", "我在[address]"),
        (Field.ADDRESS, "上海市非凡路5号", "我在上海市非凡路5号", "我在[address]"),
    ],
)
def test_what_is_around_such_a_word_is_hidden(kind: Field, value: str, text: str, shown: str) -> None:
    assert redact(text, REGIONS, KnownTerms(((kind, value),))) == shown


def test_many_claims_cost_no_more_than_a_few() -> None:
    claims = [(Field.NAME, f"Xiomara Quimby{chr(97 + at % 26)}{at}") for at in range(400)]
    known = KnownTerms((), claims)
    assert list(known.spans("")) == []  # the first text makes them ready
    assert len(known._start.following["xiomara"].following) <= 16


VALUES = ["13800138000", "4111111111111111", "DE89370400440532013000", "alice.q@example.org", "203.0.113.77"]
_FORMS: dict[str, Callable[[str], str]] = {
    "keycaps": lambda char: f"{char}\ufe0f\u20e3" if char.isdigit() else char,
    "variation selectors": lambda char: f"{char}\ufe0e",
    "supplementary selectors": lambda char: f"{char}\U000e0101",
    "wide": lambda char: chr(ord(char) + 0xFEE0),
    "mathematical": lambda char: chr(0x1D7CE + int(char)) if char.isdigit() else char,
    "circled": lambda char: "⓪①②③④⑤⑥⑦⑧⑨"[int(char)] if char.isdigit() else char,
    "joined": lambda char: f"{char}\u2060",
    "soft hyphens": lambda char: f"{char}\u00ad",
    "accents": lambda char: f"{char}\u0301",
    "named marks": lambda char: f"{char}⟨200B⟩",
}


@pytest.mark.parametrize("form", list(_FORMS))
@pytest.mark.parametrize("value", VALUES)
def test_no_form_of_its_characters_keeps_a_value_visible(value: str, form: str) -> None:
    written = "".join(map(_FORMS[form], value))
    out = redact(f"it is {written} now", REGIONS)
    assert re.fullmatch(r"it is \[[^\]]*\](\u2060|\u00ad|⟨200B⟩)? now", out), out


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(VALUES), st.data())
@settings(max_examples=150, deadline=None)
def test_no_value_survives_any_mixture_of_forms(before: str, after: str, value: str, data: st.DataObject) -> None:
    names = [data.draw(st.sampled_from(["as it is", *_FORMS])) for _ in value]
    written = "".join(_FORMS[name](char) if name in _FORMS else char for name, char in zip(names, value, strict=True))
    out = redact(f"{before} {written} {after}", REGIONS)
    assert value not in Folded(out.replace(before, "").replace(after, "")).text


@given(st.text(max_size=80) | st.text("ßæﬁé1①\ufe0f\u20e3⟨200B⟩\u200b か\u3099ᄀ각", max_size=40))
@settings(max_examples=300, deadline=None)
def test_every_place_of_the_folded_text_leads_back_in_order(text: str) -> None:
    folded = Folded(text)
    ends = 0
    for at in range(len(folded.text)):
        place = folded.original(Span(at, at + 1, ""))
        assert 0 <= place.start < place.end <= len(text)
        assert place.start >= ends or place.end == ends or text[place.start : place.end]
        assert place.end >= ends
        ends = place.end
    whole = folded.original(Span(0, len(folded.text), "")) if folded.text else None
    assert whole is None or Folded(text[whole.start : whole.end]).text == folded.text


@given(st.text("abé ßﬁ①\u200b\u0301か\u3099,", max_size=60), st.text("abé ßﬁ①\u200b\u0301か\u3099,", max_size=60))
@settings(max_examples=200, deadline=None)
def test_everything_but_the_value_stays_as_it_is(before: str, after: str) -> None:
    out = redact(f"{before}\nXiomara Quimby\n{after}", REGIONS, _of("Xiomara Quimby"))
    assert out == f"{before}\n[name]\n{after}"


NEGATED = "I don't withdraw it. I didn't agree. I can’t pay, isn't it? Ce n'est rien, je n'ai rien. Ich will nicht."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.NAME, "Don T"),
        (Field.NAME, "Don't"),
        (Field.NAME, "Isn T"),
        (Field.NAME, "N Est"),
        (Field.NICKNAME, "didn t"),
        (Field.NICKNAME, "can't"),
        (Field.OTHER, "don t"),
        (Field.POSTCODE, "didn t"),
        (Field.ADDRESS, "I don t withdraw, 5"),
    ],
)
def test_no_value_on_file_hides_half_of_a_negated_word(field: Field, value: str) -> None:
    assert redact(NEGATED, REGIONS, KnownTerms(((field, value),))) == NEGATED


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (Field.NAME, "I Refuse", "I Refuse to pay, and I refuse to agree."),
        (Field.OTHER, "I refuse", "I refuse to pay."),
        (Field.NAME, "拒绝", "我拒绝付款"),
        (Field.NAME, "反对", "我反对，请取消"),
        (Field.OTHER, "拒绝付款", "我拒绝付款"),
        (Field.OTHER, "ません", "同意しません"),
        (Field.ADDRESS, "Delete my account", "Please delete my account. I want to delete my account."),
        (Field.ADDRESS, "asked for money", "He asked for money."),
    ],
)
def test_no_value_on_file_takes_a_refusal_away(field: Field, value: str, text: str) -> None:
    assert redact(text, REGIONS, KnownTerms(((field, value),))) == text


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("12 rue de la Paix", "au 12 rue de la Paix, merci", "au [address], merci"),
        ("Don Quimby", "Don Quimby doesn't live here", "[name] doesn't live here"),
        ("Kofi N'Diaye", "ask Kofi N'Diaye", "ask [name]"),
    ],
)
def test_what_tells_who_it_is_is_hidden_beside_such_words(value: str, text: str, shown: str) -> None:
    field = Field.ADDRESS if value[0].isdigit() else Field.NAME
    assert redact(text, REGIONS, KnownTerms(((field, value),))) == shown
