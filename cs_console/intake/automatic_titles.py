"""How programs title and word the answers that they write for people who are away, in many languages.

A hint alone: people write about such answers, too, and forward them.
"""

import re

_ANSWERS = (
    r"auto(?:mati[ck]|mated|matis(?:k|kt|che?[rs]?)|matikus|matick[aáéý]|matyczna|maattinen|maat)?[-_ ]{0,2}"
    r"(?:reply|response|respon[sd]er|answer|antwort|antwoord|svar|odpov[eě][dď]|odpowied[zź]|v[aá]lasz|vastaus|vastus"
    r"|abwesenheit\w*)",
    r"odpowied[zź] automatyczna",
    r"(?:r[eé]ponse|respuesta|resposta|risposta) autom[aáà]ti\w+|automatinis atsakymas|automātiskā atbilde",
    r"r[aă]spuns automat|automatski odgovor|samodejni odgovor|otomatik yan[iı]t|balasan otomatis|trả lời tự động",
    r"автоматический ответ|автоответ\w*|автоматична відповідь|автоматичен отговор|αυτ[οό]ματη απ[αά]ντηση",
    r"תשובה אוטומטית|מענה אוטומטי|(?:ال)?رد (?:ال)?تلقائي|پاسخ خودکار|(?:การ)?ตอบกลับอัตโนมัติ",
    r"自动[回答]复|自動[回答][覆復]|自動(?:応答|返信)|자동 ?(?:회신|응답|답장|답변)",
)
_ABSENCES = (
    r"(?:i am |i'm )?(?:currently )?(?:out of|away from) (?:the |my )?office"
    r"(?: (?:auto[- ]?reply|reply|response|message|notification))?|ooo",
    r"vacation(?: (?:reply|response|notice|message)|(?= re\b))|(?:i am |i'm )?on (?:vacation|holiday|leave)",
    r"abwesenheits(?:notiz|meldung|assistent|nachricht|info\w*)|abwesend|nicht im b[uü]ro|außer haus",
    r"(?:message|notification) d.absence|absen[ct]e?(?: du bureau)?",
    r"fuera de (?:la )?oficina|ausencia de la oficina|fora do escrit[oó]rio|fuori (?:sede|ufficio)",
    r"afwezig(?:heid\w*)?|fr[aå]nvaro\w*|frav[aæ]r\w*|poissa(?:olo\w*)?|poza biurem|nieobecno[sś][cć]",
    r"нет на месте|вне офиса|отсутств\w+ (?:в офисе|на работе)",
    r"不在(?:通知|のお知らせ)?|休暇(?:通知|のお知らせ)|休假通知|부재 ?중(?: 자동 ?응답)?",
)
_ENDS = r"(?:입니다)?\s*(?:[:：;\]】)(|\-–—~]|(?:re|aw|sv|antw|odp|rif|res)\b|[.!。！]*\s*\Z)"
_TITLE = re.compile(rf"\W{{0,5}}(?:{'|'.join((*_ANSWERS, *_ABSENCES))}){_ENDS}", re.IGNORECASE)
"""Such a title begins the subject, and a colon, a bracket or the subject's end closes it; people's words go on."""
_NAMED = re.compile(
    r"\b(?:is|will be|ist|est|está|è) (?:currently |actuellement |zurzeit |derzeit )?"
    r"(?:(?:out of|away from) (?:the |my )?office|on (?:vacation|holiday|annual leave)"
    r"|nicht im (?:b[uü]ro|haus)|außer haus|im urlaub|absente? du bureau|en cong[eé]s?"
    r"|fuera de (?:la )?oficina|fuori ufficio)\b",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|rif|res|ynt|atb|fwd?|wg|tr|rv|enc|i|pd|vl|vb|doorst|ilt|továbbítás|fyi"
    r"|回复|答复|回覆|回復|转发|轉寄|轉發|転送|답장|전달)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"this is an automat(?:ed|ic) |automated response to your"
    r"|i am (?:currently )?(?:out of|away from) (?:the|my) office"
    r"|i(?: am|'m| will be) (?:currently )?(?:away (?:until|from)|on (?:vacation|holiday|leave) until)"
    r"|(?:dies|das) ist eine automatische|ich bin .{0,60}(?:nicht im (?:b[uü]ro|haus)|außer haus|im urlaub|abwesend)"
    r"|ceci est une réponse automatique|je suis (?:actuellement )?(?:absente?|en congés?|en vacances)"
    r"|esta es una respuesta automática|(?:estoy|estaré) (?:fuera|ausente|de vacaciones)"
    r"|esta é uma resposta automática|questa è una risposta automatica|sono fuori (?:sede|ufficio)"
    r"|dit is een automatisch|ik ben .{0,40}afwezig|to jest automatyczna odpowiedź|jestem nieobecn"
    r"|это автоматическ|я (?:сейчас )?(?:в отпуске|отсутствую)|这是(?:一封)?自动回复"
    r"|我(?:最近|目前)?(?:正)?在(?:休假|度假|出差)|已经?收到(?:了)?(?:您|你)的(?:来信|邮件|来件)|(?:您|你)的邮件我已收到"
    r"|(?:這是|此為)自動回覆|自動(?:返信|応答)です|不在にして|休暇を(?:取得|いただ)|자동 ?(?:회신|응답) ?메일입니다"
    r"|부재 ?중입니다",
    re.IGNORECASE,
)


def is_title(subject: str) -> bool:
    """Whether the subject is how a program titles its answer, or says that its owner is away."""
    return _TITLE.match(subject) is not None or ("?" not in subject and _NAMED.search(subject) is not None)


def is_passed_on(subject: str) -> bool:
    """Whether the subject says that a person answers or forwards something."""
    return _PASSED_ON.match(subject) is not None


def says_so(text: str) -> bool:
    """Whether a text says of itself that a program sends it, or that its writer is away."""
    return _SAYS_SO.search(text) is not None
