"""How mail programs in many languages mark what they quote and sign; each pattern is tried on one line."""

import re

QUOTED = re.compile(r"\s{0,3}(?:>|＞|»\s|\|\s)")
WROTE = (
    r"wrote|writes|schrieb(?:en)?|geschrieben|a [ée]crit|[ée]crit|escribi[óo]|escreveu|ha scritto"
    r"|scrive|schreef|skrev"
    r"|kirjoitti|napisa[łl](?:\(a\)|a)?|pisze|napsal(?:\(a\)|a)?|написала?|написал\(а\)|пишет|пише"
    r"|írta|yazdı|şun(?:u|ları) yazdı"
    r"|a scris|έγραψε|γράφει|كتب|כתב|写道|寫道|님이 작성|작성|さんは書きました|のメッセージ|đã viết|menulis"
)
ATTRIBUTION = re.compile(rf".*(?:{WROTE})(?!\w).{{0,60}}[:：]\s*\Z", re.IGNORECASE)
BEGINS_ONE = re.compile(
    r"\s*(?:on|am|le|el|em|il|op|den|dne|w dniu|dnia|at|in a message dated|на|в|\d{1,4}[./年년-]|在|于).{0,200}\d",
    re.IGNORECASE,
)
ENDS_ONE = re.compile(
    rf"(?:{WROTE})\s{{0,2}}[:：]\s*\Z|\b(?:schrieb|schreef|skrev|kirjoitti|escribió|написал"
    rf"|пишет)\s[^.;]{{1,100}}[:：]\s*\Z",
    re.IGNORECASE,
)
OWN = re.compile(r"\b(?:i|ich|wir|je|j|nous|yo|eu|io|ik|wij|jag|vi|jeg|minä|ja|já|я|мы)\b|我|私", re.IGNORECASE)
DATED = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d|\d年|\d년|\d\d?[./-]\d\d?[./-]\d\d")
DATE_AND_ADDRESS = re.compile(
    r"\s*.{0,40}\b(?:19|20)\d\d\b.{0,80}<[^<>]{1,100}>\s{0,2}[:：]\s*\Z"
    r"|\s*.{0,40}\d{4}年.{0,120}[>:：]\s{0,2}[:：]?\s*\Z"
)
SEPARATOR = re.compile(
    r"\s*[-_=*—]{2,}\s*(?:original(?:\s+|-)?(?:message|nachricht|e?-?mail|appointment)?"
    r"|urspr[üu]ngliche (?:nachricht|mail)"
    r"|message d.origine|message original|mensaje original|mensagem original"
    r"|messaggio originale|oorspronkelijk(?:e)? bericht|ursprungligt meddelande|oprindelig meddelelse"
    r"|opprinnelig melding"
    r"|alkuper[äa]inen viesti|wiadomo[śs][ćc] oryginalna|p[ůu]vodn[íi] (?:zpr[áa]va|e-?mail)|исходное сообщение"
    r"|пересылаемое сообщение|eredeti [üu]zenet|orijinal (?:ileti|mesaj)|αρχικό μήνυμα|原始邮件|原始郵件|原始邮件信息"
    r"|原邮件|元のメッセージ"
    r"|원본 메시지|원본 메일|reply message|回复的原邮件)\s*[-_=*—:]{0,40}\s*\Z",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"\s*[-_=*—>]*\s*(?:begin forwarded message|forwarded message|weitergeleitete nachricht"
    r"|anfang der weitergeleiteten"
    r"|message transf[ée]r[ée]|d[ée]but du message (?:r[ée]exp[ée]di[ée]|transf[ée]r[ée])"
    r"|mensaje reenviado|mensagem encaminhada"
    r"|messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht|vidarebefordrat|videresendt"
    r"|przekazana wiadomo"
    r"|p[řr]eposlan[áa]|пересланное|пересылаемое|转发(?:的)?邮件|轉寄|転送メッセージ|전달된 메시지).{0,40}\Z",
    re.IGNORECASE,
)
RULE = re.compile(r"\s*_{20,}\s*\Z")
FROM = re.compile(
    r"\s*\*{0,2}(?:from|von|de|da|van|från|fra|lähettäjä|od|от|від|feladó|kimden|gönderen|από|发件人|寄件者"
    r"|寄件人|差出人|送信者|보낸 ?사람|from 发件人"
    r"|من|מאת|nadawca|expediteur|exp[ée]diteur|absender|remitente|remetente|mittente|afzender"
    r"|avsändare|afsender)\*{0,2}\s?[:：]",
    re.IGNORECASE,
)
OTHER_LABEL = re.compile(
    r"\s*\*{0,2}(?:sent|date|to|cc|subject|reply-to|gesendet|datum|an|kopie|betreff|envoy[ée](?: le)?"
    r"|[àa]|objet|enviado(?: el| em)?|fecha|para"
    r"|asunto|assunto|data|inviato|oggetto|verzonden|aan|onderwerp|skickat|till|ämne|sendt|til|emne"
    r"|lähetetty|vastaanottaja|aihe"
    r"|wysłano|do|temat|data wysłania|odesláno|komu|předmět|odoslané|predmet|отправлено|дата|кому|тема"
    r"|надіслано|elküldve|címzett|tárgy|gönderilme(?: tarihi)?"
    r"|tarih|kime|konu|στάλθηκε|προς|θέμα|ημερομηνία|发送时间|发送日期|收件人|抄送|主题|日期|寄件日期|收件者|副本|主旨|送信日時|宛先|件名"
    r"|日時|보낸 ?날짜|받는 ?사람|제목|날짜"
    r"|التاريخ|إلى|الموضوع|נשלח|אל|נושא|תאריך)\*{0,2}\s?[:：]",
    re.IGNORECASE,
)
DASHES = re.compile(r"(?:--|—|__|\*\*)\s*\Z|-- ?\Z")
SENT_FROM = re.compile(
    r"\s*(?:sent from (?:my|outlook|mail|yahoo|samsung|proton|the)|get outlook for|(?:von meinem"
    r"|gesendet (?:von|mit|über|aus)|diese nachricht wurde von mein)"
    r"|envoy[ée] de(?:puis)? (?:mon|ma|l)|obtenir outlook|enviado desde (?:mi|el)|enviado do (?:meu"
    r"|yahoo)|inviato da(?:l mio| iphone| libero|ll)"
    r"|verzonden (?:vanaf|met|via)|skickat från|sendt fra (?:min|outlook)|lähetetty (?:iphone"
    r"|laitteesta)|wysłan[eo] z|odesl[áa]no z|отправлено (?:с|из)|надіслано з"
    r"|发自我的|來自我的|从我的|從我的|iphoneから送信|나의 .{1,20}에서 보냄|내 .{1,20}에서 보냄"
    r"|iphone.?umdan gönderildi)",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"\s*(?:(?:(?:with )?(?:best|kind|kindest|warm|warmest|many)|with|yours)\s+(?:wishes|regards"
    r"|thanks|sincerely|truly|faithfully)|regards|sincerely"
    r"|best|cheers|thanks(?: again| in advance| a lot)?|thank you(?: very much| in advance)?"
    r"|yours (?:sincerely|faithfully|truly)|respectfully"
    r"|(?:mit )?(?:freundlichen|besten|vielen|lieben|herzlichen|freundliche|beste|viele|liebe"
    r"|herzliche|schöne)?\s?(?:gr[üu](?:ß|ss)e?n?|gruss|gruß)|mfg|lg|vg|hochachtungsvoll"
    r"|danke(?: im voraus| schön)?|vielen dank"
    r"|(?:bien )?cordialement|bien à vous|salutations(?: distinguées)?|sincères salutations"
    r"|merci(?: d.avance| beaucoup)?|meilleures salutations"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|muchas gracias"
    r"|gracias(?: de antemano)?|atenciosamente|(?:com os melhores |melhores )?cumprimentos|obrigad[oa]"
    r"|(?:cordiali|distinti) saluti|grazie(?: mille)?|(?:met )?vriendelijke groet(?:en)?|groetjes?"
    r"|bedankt|(?:med )?(?:vänliga|bästa) hälsningar|mvh|(?:med )?venn?lig hilsen|hilsen"
    r"|(?:ystävällisin|parhain) terveisin|kiitos|pozdrawiam|z poważaniem|s pozdravem|s úctou|děkuji"
    r"|с уважением|спасибо|з повагою|üdvözlettel|köszönettel|saygılarımla|teşekkürler"
    r"|με εκτίμηση|ευχαριστώ|此致|敬礼|敬禮|谢谢|謝謝|敬具|よろしくお願い(?:いた)?します|宜しくお願い致します"
    r"|감사합니다|مع التحية|תודה"
    r"|בברכה)[\s,.!！。、]*\Z",
    re.IGNORECASE,
)
ENDS_A_SENTENCE = re.compile(r"[.?!。？！]\s*\Z")
DISCLAIMER = re.compile(
    r"\b(?:confidential|privileged|intended (?:solely|only|recipient)|vertraulich|bestimmungsgemäß"
    r"|confidentiel|destinataire|confidencial|riservat)",
    re.IGNORECASE,
)
INLINE = re.compile(
    r"\b(?:inline|in-line|in line with|interspersed|answers? (?:are )?(?:below|in (?:red|blue|green"
    r"|bold))|(?:my )?(?:comments|replies|answers) (?:below|in)|see (?:my .{0,20})?below|(?:siehe "
    r"|weiter )?unten|im text|zwischen den zeilen|in rot|in blau|ci-dessous|dans le texte|en rouge"
    r"|en bleu|abajo|más abajo|en rojo|abaixo|no texto|di seguito|sotto|in rosso|hieronder|nedan"
    r"|nedenfor|poniżej|níže|ниже|见下|如下|以下)\b|见下|如下|下文|以下|アンダーライン",
    re.IGNORECASE,
)
