"""Who a mail is from: no name costs a readable address, and what can be read in two ways names no one."""

import pytest

from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.mail import read_mail
from cs_console.intake.our_mail import OurMail, is_no_reply
from models.contact_fields import Field

OURS = OurMail(frozenset({"service@shop.example"}), frozenset({"shop.example"}), frozenset({"service", "help"}))


def read(headers: str | bytes, ours: OurMail = OURS) -> IncomingMessage:
    raw = headers.encode() if isinstance(headers, str) else headers
    return read_mail(raw + b"\nTo: service@shop.example\nMessage-ID: <1@mail.example>\n\nWords.", ours=ours)


def sender(headers: str | bytes) -> tuple[str | None, str | None]:
    said = dict(read(headers).contacts)
    return said.get(Field.EMAIL), said.get(Field.NAME)


@pytest.mark.parametrize(
    ("written", "address", "name"),
    [
        ('"=?gb18030?B?zfXQocP3?=" <123@qq.example>', "123@qq.example", "王小明"),
        ('"=?utf-8?B?546L5bCP5piO?= (=?utf-8?B?5p2t5bee?=)" <wang@qq.example>', "wang@qq.example", "王小明 (杭州)"),
        ('"Müller, =?utf-8?Q?J=C3=BCrgen?=" <j@mail.example>', "j@mail.example", "Müller, Jürgen"),
        ("Roe, Jane <jane@mail.example>", "jane@mail.example", "Roe, Jane"),
        ("Jane [Sales] Roe <jane@mail.example>", "jane@mail.example", "Jane [Sales] Roe"),
        ("Jane (at work) <jane@mail.example>", "jane@mail.example", "Jane at work"),
        ('"Jane Roe <jane@mail.example>', "jane@mail.example", "Jane Roe"),
        ('Jane "JR" Roe <jane@mail.example>', "jane@mail.example", "Jane Roe JR"),
        ("'Jane' <'jane@mail.example'>", "jane@mail.example", "Jane"),
        ("<mailto:jane@mail.example>", "jane@mail.example", None),
        ("mailto:jane@mail.example", "jane@mail.example", None),
        ("Jane <jane@mail.example.>", "jane@mail.example", "Jane"),
        ("Jane <jane @ mail.example>", "jane@mail.example", "Jane"),
        ("jane@mail.example (Jane Roe)", "jane@mail.example", "Jane Roe"),
        ("Jane Roe jane@mail.example", "jane@mail.example", "Jane Roe"),
        ("jane@mail.example <jane@mail.example>", "jane@mail.example", None),
        ("Jane; Roe: her mail <jane@mail.example>", "jane@mail.example", "Jane; Roe: her mail"),
        ("hana.@phone.example", "hana.@phone.example", None),
        ("ha..na@phone.example", "ha..na@phone.example", None),
        ("Jane [mailto:jane@mail.example]", "jane@mail.example", "Jane"),
        ("jane@mail.example <>", "jane@mail.example", None),
        ("Jane [jane@mail.example]", "jane@mail.example", "Jane"),
        ("Jane <SMTP:jane@mail.example>", "jane@mail.example", "Jane"),
        ("Jane &lt;jane@mail.example&gt;", "jane@mail.example", "Jane"),
        ("Jane ＜jane＠mail.example＞", "jane@mail.example", "Jane"),
        ("小＜王＞ <wang＠qq.example>", "wang@qq.example", "小＜王＞"),
        ("Jane <\u200bjane@mail.example\u00a0>", "jane@mail.example", "Jane"),
        ("Jane <@relay.example:jane@mail.example>", "jane@mail.example", "Jane"),
        ("Jane <jane@mail.example>, Jane <Jane@mail.example>", "jane@mail.example", "Jane"),
        ("用户@例子.example", "用户@xn--fsqu00a.example", None),
    ],
)
def test_no_name_costs_an_address(written: str, address: str, name: str | None) -> None:
    assert sender(f"From: {written}") == (address, name)


@pytest.mark.parametrize(
    "written",
    [
        "jane@mail.example)bob@evil.example",
        "jane@mail.example, bob@evil.example",
        "jane@mail.example, Bob <bob@evil.example>",
        "Jane <jane@mail.example>, Bob <bob@evil.example>",
        "<jane@mail.example> bob@evil.example",
        "Us: jane@mail.example;",
        "Us: Jane <jane@mail.example>;",
        "jane@mail.example@evil.example",
        "Jane <jane@mail.example>, bob@evil.example, <jane@mail.example>",
        "=?utf-8?Q?jane=40mail.example=2C_bob=40evil.example?=",
        "Jane",
        "",
    ],
)
def test_what_can_be_read_in_two_ways_is_no_ones(written: str) -> None:
    assert sender(f"From: {written}") == (None, None)


def test_raw_bytes_in_a_name_cost_no_address() -> None:
    assert sender("From: Jürgen <j@mail.example>".encode("latin-1"))[0] == "j@mail.example"
    assert sender('From: "王小明" <w@mail.example>'.encode("gb18030"))[0] == "w@mail.example"


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ("From: =?utf-8?Q?Jane_=3Cjane=40mail.example=3E?=", "jane@mail.example"),
        ("Sender: jane@mail.example", "jane@mail.example"),
        ("Reply-To: Jane <jane@mail.example>", "jane@mail.example"),
        ("From: not an address\nReply-To: jane@mail.example", "jane@mail.example"),
        ("Return-Path: <jane@mail.example>", "jane@mail.example"),
        ("From: jane@mail.example\nFrom: bob@mail.example", "jane@mail.example"),
        ("From: jane@mail.example\nFrom: bob@mail.example\nSender: bob@mail.example", "bob@mail.example"),
        ("From: noreply@forms.example\nReply-To: jane@mail.example", "jane@mail.example"),
        ("From: help@shop.example\nX-Original-From: jane@mail.example", "jane@mail.example"),
        (
            "From: help@shop.example\nReply-To: service@shop.example\nX-Original-From: jane@mail.example",
            "jane@mail.example",
        ),
    ],
)
def test_a_sender_whom_another_header_names_is_only_said(headers: str, address: str) -> None:
    mail = read(headers)
    assert dict(mail.contacts)[Field.EMAIL] == address
    assert not mail.sender_sure


def test_a_reply_to_takes_no_mail_from_its_author() -> None:
    mail = read("From: jane@mail.example\nReply-To: bob@mail.example")
    assert dict(mail.contacts)[Field.EMAIL] == "jane@mail.example"
    assert mail.reply_to == "bob@mail.example"
    assert mail.sender_sure


def test_the_settings_forms_are_no_ones_mailbox() -> None:
    ours = OurMail(forms=frozenset({"forms.example", "web@shop.example"}))
    for by in ("anything@forms.example", "web@shop.example"):
        assert read(f"From: {by}", ours).contacts == ()
        said = read(f"From: {by}\nReply-To: jane@mail.example", ours)
        assert dict(said.contacts)[Field.EMAIL] == "jane@mail.example"


@pytest.mark.parametrize("local", ["noreply", "no-reply", "No_Reply", "do-not-reply", "donotreply-7", "nicht-antworten",
                                   "nepasrepondre", "no-responder", "shop-noreply", "nao-responda"])  # fmt: skip
def test_machines_that_no_one_reads_are_known(local: str) -> None:
    assert is_no_reply(f"{local}@shop.example")


@pytest.mark.parametrize("local", ["norbert", "reply", "n.oreply", "antworten", "norma.reply", "response"])
def test_people_are_not_taken_for_them(local: str) -> None:
    assert not is_no_reply(f"{local}@shop.example")
