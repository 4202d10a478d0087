"""What of a letter is new, what repeats an earlier one, and what is its signature; no line is ever lost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.intake.quoted_history import Sort, hashes_of, new_text, stretches

OURS = (
    "Hello,\n\nthank you for your letter. To find your order we need its number, which is on the invoice.\n"
    "Please also tell us on which day the parcel was to arrive at your door.\n\nYour customer service"
)


def of(sort: Sort, text: str, ours: frozenset[bytes] = frozenset()) -> str:
    return "\n".join(line for one in stretches(text, ours) if one.sort is sort for line in one.lines).strip()


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


ANSWER = "It was 8834, and it should have come on Monday."


@pytest.mark.parametrize(
    "above",
    [
        "On Mon, 23 Nov 2026 at 09:00, HautHome <service@desk.example> wrote:",
        "On Monday, 23 November 2026 at 09:00:12 CET, HautHome customer service\n<service@desk.example> wrote:",
        "Am Mo., 23. Nov. 2026 um 09:00 Uhr schrieb HautHome <service@desk.example>:",
        "Am 23.11.2026 um 09:00 schrieb HautHome:",
        "Le lun. 23 nov. 2026 à 09:00, HautHome <service@desk.example> a écrit :",
        "El lun, 23 nov 2026 a las 9:00, HautHome (<service@desk.example>) escribió:",
        "Em seg., 23 de nov. de 2026 às 09:00, HautHome <service@desk.example> escreveu:",
        "Il giorno lun 23 nov 2026 alle ore 09:00 HautHome <service@desk.example> ha scritto:",
        "Op ma 23 nov 2026 om 09:00 schreef HautHome <service@desk.example>:",
        "Den mån 23 nov. 2026 kl 09:00 skrev HautHome <service@desk.example>:",
        "Den man. 23. nov. 2026 kl. 09.00 skrev HautHome <service@desk.example>:",
        "pon., 23 lis 2026 o 09:00 HautHome <service@desk.example> napisał(a):",
        "po 23. 11. 2026 v 9:00 odesílatel HautHome <service@desk.example> napsal:",
        "пн, 23 нояб. 2026 г. в 09:00, HautHome <service@desk.example>:",
        "23.11.2026 09:00, HautHome пишет:",
        "HautHome <service@desk.example> ezt írta (időpont: 2026. nov. 23., H, 9:00):",
        "23 Kas 2026 Pzt, 09:00 tarihinde HautHome <service@desk.example> şunu yazdı:",
        "在 2026年11月23日 09:00，HautHome 写道：",
        "於 2026年11月23日 週一 上午9:00寫道：",
        "2026年11月23日(月) 9:00 HautHome <service@desk.example>:",
        "2026년 11월 23일 (월) 오전 9:00, HautHome <service@desk.example>님이 작성:",
    ],
)
@pytest.mark.parametrize("marked", [True, False])
def test_an_attribution_begins_the_history(above: str, marked: bool) -> None:
    history = quoted(OURS) if marked else OURS
    text = f"{ANSWER}\n\n{above}\n{history}"
    assert of(Sort.NEW, text) == ANSWER
    assert of(Sort.HISTORY, text).startswith(above)
    assert new_text(text).strip() == ANSWER


BLOCKS = [
    "From: HautHome <service@desk.example>\nSent: Monday, 23 November 2026 09:00\nTo: Ola Berg\nSubject: Your order",
    "Von: HautHome <service@desk.example>\nGesendet: Montag, 23. November 2026\nAn: Ola Berg\nBetreff: Bestellung",
    "*From:* HautHome\n*Date:* Monday, 23 November 2026\n*To:* Ola Berg\n*Subject:* Your order",
    "De : HautHome\nEnvoyé : lundi 23 novembre 2026 09:00\nÀ : Ola Berg\nObjet : Votre commande",
    "De: HautHome\nEnviado: lunes, 23 de noviembre de 2026\nPara: Ola Berg\nAsunto: Su pedido",
    "Da: HautHome\nInviato: lunedì 23 novembre 2026\nA: Ola Berg\nOggetto: Ordine",
    "Van: HautHome\nVerzonden: maandag 23 november 2026\nAan: Ola Berg\nOnderwerp: Bestelling",
    "Från: HautHome\nSkickat: den 23 november 2026\nTill: Ola Berg\nÄmne: Order",
    "Od: HautHome\nWysłano: 23 listopada 2026\nDo: Ola Berg\nTemat: Zamówienie",
    "От: HautHome\nОтправлено: 23 ноября 2026 г.\nКому: Ola Berg\nТема: Заказ",
    "发件人: HautHome\n发送时间: 2026年11月23日 09:00\n收件人: Ola Berg\n主题: 订单",
    "差出人: HautHome\n送信日時: 2026年11月23日 9:00\n宛先: Ola Berg\n件名: ご注文",
    "보낸 사람: HautHome\n보낸 날짜: 2026년 11월 23일\n받는 사람: Ola Berg\n제목: 주문",
]
RULES = [
    "-----Original Message-----",
    "-------- Ursprüngliche Nachricht --------",
    "-------- Message d'origine --------",
    "-----Mensaje original-----",
    "------------------ 原始邮件 ------------------",
    "------------------ Original ------------------",
    "________________________________",
]


@pytest.mark.parametrize("rule", ["", *RULES])
@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_headers_begins_the_history(block: str, rule: str) -> None:
    text = f"{ANSWER}\n\n{rule}\n{block}\n\n{OURS}"
    assert of(Sort.NEW, text) == ANSWER
    assert of(Sort.HISTORY, text).endswith("Your customer service")
    assert new_text(text).strip() == ANSWER


def test_an_answer_below_the_quotation_is_new() -> None:
    text = f"On 23 November 2026 HautHome wrote:\n{quoted(OURS)}\n\n{ANSWER}\n"
    assert of(Sort.NEW, text) == ANSWER
    assert [one.sort for one in stretches(text)] == [Sort.HISTORY, Sort.NEW]


def test_an_answer_between_quoted_lines_is_never_folded_away() -> None:
    text = (
        "On 23 November 2026 HautHome wrote:\n> Hello,\n>\n> To find your order we need its number.\n8834.\n"
        "> Please also tell us the day.\nMonday.\n> What is broken?\nThe lid.\n"
        ">\n> Your customer service\n> Tel. 1\n> Fax 2\n> end\n"
    )
    new = of(Sort.NEW, text)
    assert all(answer in new for answer in ("8834.", "Monday.", "The lid."))
    assert "> Please also tell us the day." in new  # without it "Monday." says nothing
    assert "Your customer service" in of(Sort.HISTORY, text)


@pytest.mark.parametrize(
    "said", ["My answers are below in red.", "Meine Antworten siehe unten:", "Voir mes réponses ci-dessous."]
)
def test_a_letter_that_says_it_answers_in_the_text_stays_whole(said: str) -> None:
    text = f"{said}\n\n-----Original Message-----\n{BLOCKS[0]}\n\nWhich number?\n8834\nWhich day?\nMonday"
    assert of(Sort.HISTORY, text) == ""


def test_our_own_text_is_known_without_any_mark_and_answers_in_it_stay() -> None:
    known = hashes_of([OURS])
    text = (
        "thank you for your letter. To find your order we need its number, which is\non the invoice.\n8834\n"
        "Please also tell us on which day the parcel was to arrive at your door.\nMonday\n"
    )
    assert of(Sort.NEW, text) == text.strip()
    assert of(Sort.NEW, text, known) == "on the invoice.\n8834\nMonday"
    below = f"{ANSWER}\n\n{BLOCKS[0]}\n\n" + OURS.replace(
        "number, which is on the invoice.", "number, which is on the invoice.\n8834!"
    )
    assert of(Sort.NEW, below, known) == f"{ANSWER}\n\n8834!"
    assert all(isinstance(gram, bytes) and len(gram) == 8 for gram in known)


def shown(text: str, *said: str) -> str:
    """The new lines of a letter when all this was said before."""
    known = hashes_of(said)
    return "\n".join(
        line for one in stretches(text, known, said=known) if one.sort is Sort.NEW for line in one.lines
    ).strip()


ABOVE = "On Mon, 23 Nov 2026 at 09:00, HautHome <service@desk.example> wrote:"


@pytest.mark.parametrize("head", [ABOVE, BLOCKS[0], f"{RULES[0]}\n{BLOCKS[1]}", f"{RULES[-1]}\n{BLOCKS[7]}", RULES[4]])
def test_an_answer_in_unmarked_history_is_shown_wherever_it_is(head: str) -> None:
    first, second = OURS.split("\n\n", 1)[1].split("\n\n")[0].split("\n")
    history = f"Hello,\n\n{first}\n{second}\n\nYour customer service"
    assert shown(f"{ANSWER}\n\n{head}\n\n{history}", OURS) == ANSWER
    for place in ("Hello,\n", f"{first}\n", f"{second}\n", "Your customer service"):
        for answer in ("8834", "It is 8834, and I want my money back, too."):
            text = history.replace(place, f"{place}\n{answer}\n" if place[-1] == "e" else f"{place}{answer}\n")
            new = shown(f"{ANSWER}\n\n{head}\n\n{text}", OURS).split("\n")
            assert answer in new
            assert set(new) <= {
                ANSWER,
                answer,
                "",
                "Hello,",
                "Your customer service",
            }  # what is too short to be known beside it


def test_an_answer_in_the_line_of_the_history_is_shown_with_it() -> None:
    text = f"{ANSWER}\n\n{ABOVE}\n{OURS}".replace("on the invoice.", "on the invoice. It is 8834.")
    assert "It is 8834." in shown(text, OURS)


def test_history_that_programs_broke_into_lines_anew_is_known() -> None:
    broken = OURS.replace(" which is on", "\nwhich is on").replace(" on which day", "\non which\nday")
    assert shown(f"{ANSWER}\n\n{ABOVE}\n{broken}", OURS) == ANSWER


def test_unmarked_history_of_which_nothing_was_said_here_is_shown_whole() -> None:
    text = f"{ANSWER}\n\n{BLOCKS[0]}\n\nWhich number do you mean?\nThe one of the first order.\n"
    assert shown(text, OURS) == shown(text) == text.strip()
    assert of(Sort.NEW, text) == ANSWER  # what is guessed from is another matter


@pytest.mark.parametrize(
    "above",
    ["As your colleague once wrote:", "I do not accept what HautHome wrote:", "Dazu hat Ihr Kollege geschrieben:"],
)
def test_a_sentence_above_a_quotation_is_no_attribution(above: str) -> None:
    assert of(Sort.NEW, f"Hello.\n\n{above}\n{quoted(OURS)}\n\n{ANSWER}").startswith(f"Hello.\n\n{above}")


@pytest.mark.parametrize(
    "text",
    [
        f"Hello, see this:\n\n---------- Forwarded message ---------\n{BLOCKS[0]}\n\nThe seller wrote this to me.",
        f"{BLOCKS[0]}\n\nNothing was written above this.",
        quoted(OURS),
        "On 3 May 2026 I wrote to you about the following:\n\nMy lamp is broken.",
        "Am 3. Mai 2026 schrieb ich Ihnen Folgendes:\n\nDie Lampe ist kaputt.",
        "From: what I see, it is broken.\nTo: be honest, I want my money back",
        "These are my points:\n- the lamp\n- the box\n--- and the cable",
        "Name: Ola\nOrder: 8834\nDate: Monday",
        "",
        "\n\n",
    ],
)
def test_what_only_looks_like_history_is_new(text: str) -> None:
    assert [one.sort for one in stretches(text)] == [Sort.NEW]


@pytest.mark.parametrize(
    ("signature", "is_marked"),
    [
        ("-- \nOla Berg\nTel. 030 123456", True),
        ("--\nOla Berg\nHead of Lamps", True),
        ("Sent from my iPhone", True),
        ("Von meinem iPhone gesendet", True),
        ("Envoyé de mon iPad", True),
        ("发自我的iPhone", True),
        ("Kind regards,\nOla Berg\nData Protection Officer\nLamps Ltd\nTel. 030 123456", True),
        ("Mit freundlichen Grüßen\nOla Berg\nLampen GmbH\nHRB 1234\nTel. 030 123456", True),
        ("Kind regards,\nOla", False),
        ("Thanks,\nplease delete my account, and tell me when that is done.", False),
    ],
)
def test_signatures_are_told_apart(signature: str, is_marked: bool) -> None:
    text = f"Where is my parcel?\n\n{signature}"
    assert (of(Sort.SIGNATURE, text) != "") is is_marked
    assert of(Sort.NEW, text).startswith("Where is my parcel?")
    below = f"{text}\n\nOn 23 November 2026 HautHome wrote:\n{quoted(OURS)}"
    assert (of(Sort.SIGNATURE, below) != "") is is_marked


def test_the_name_under_a_letter_is_part_of_it() -> None:
    text = "Where is it?\n\nKind regards,\nOla Berg\nHead of Lamps\nLamps Ltd\n030 123456"
    assert of(Sort.NEW, text).endswith("Kind regards,\nOla Berg")


MARKS = (
    "> q",
    ">> q",
    "On 3 May 2026 X wrote:",
    "-- ",
    "From: a",
    "To: b",
    "Subject: c",
    "words",
    "",
    "_" * 30,
    "Regards,",
)
LINES = st.lists(st.sampled_from([*MARKS, *OURS.split("\n")]), max_size=30).map("\n".join)


@given(LINES | st.text(max_size=200))
def test_no_line_is_lost_or_moved(text: str) -> None:
    for ours in (frozenset[bytes](), hashes_of([OURS])):
        assert "\n".join(line for one in stretches(text, ours) for line in one.lines) == text
        assert "\n".join(line for one in stretches(text, ours, said=ours) for line in one.lines) == text
    assert isinstance(new_text(text), str)


@pytest.mark.parametrize(
    "text",
    [
        "> q\n" * 200_000,
        "On 3 May 2026 X\n" * 100_000,
        "From: a\n" * 100_000,
        "-- \n" * 100_000,
        "a" * 1_000_000 + ":",
        ("x" * 900 + " wrote\n") * 1_000,
        "Regards,\n" * 100_000,
        "2026 " * 200_000 + "\n:",
        "_" * 1_000_000,
        "words \n\n" * 100_000 + "> q",
        "\n" * 500_000 + "> q\n" + "\n" * 500_000,
    ],
    ids=["quoted", "attributions", "labels", "dashes", "line", "wrote", "closings", "years", "rule", "empty", "gap"],
)
def test_any_text_is_looked_at_in_linear_time(text: str) -> None:
    began = time.thread_time()
    stretches(text, hashes_of([OURS]), said=hashes_of([OURS]))
    new_text(text)
    assert time.thread_time() - began < 6
