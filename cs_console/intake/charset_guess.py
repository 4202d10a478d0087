"""In which charset bytes are written that name none, or one that cannot be true."""

import re
from dataclasses import dataclass
from itertools import pairwise

from cs_console.intake.languages import has_baltic_words, language_by_words

_SAMPLE = 8 * 1024
# What mail is written in. Each one more makes the others harder to tell apart.
_ALPHABETS = (
    *("windows-1250", "iso8859-2", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255"),
    *("windows-1256", "windows-1257", "iso8859-7", "cp874", "koi8-r", "koi8-u"),
)
_SYLLABLES = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949")
_NAMES = {"euc_jp": "euc_jis_2004"}
"""As the detector calls them."""
_WESTERN = "cp1252"
_LATIN = frozenset({"cp1250", "iso8859-2", "cp1254", "cp1257", "cp1252"})
_OTHER_LATIN = frozenset(
    {"iso8859-15", "iso8859-9", "iso8859-4", "iso8859-10", "iso8859-13", "iso8859-16", "mac-roman"}
)
_LIKELY, _CLEARLY = 0.06, 1.6
"""How sure the detector has to be, alone and beside Western, before a mail's own word is not believed."""
_CLOSE = 0.02
"""How near Western has to come to another Latin charset to be taken: the detector tells them apart by little more."""

# The commonest signs of each language, with the words of letters to a customer service: a few tell it from noise.
_SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔您请谢户账号删除密码订单退款货快递客服投诉卖家买登录注销帮助尽忘封锁收寄地址电话邮箱信息个人隐私申支付钱元喆吗呢怎么办吧亲销查询处理哪找修改绑机验证短回复麻烦投商店换坏错误始终联系希望李王张刘陈杨黄赵周吴徐孙"
)
_TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡裏用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應向頭文體美相見被利什二等產或新己制身果加月話合回特代內信表化老給世位次度門任常先海通教原東聲提立及比員解水名真論處走各入幾口認條平系氣題活更別打女變四總何電數安少報才結反受目太量再感建務做接必場件計管期市直資命山金指許統區保至形社便空決治展科司五基書非則聽白卻界達光放強即難且權思完設式色路記南品住告類求據程北邊該交規萬取望覺術領共確傳師觀清今切院讓識候帶導運您請謝戶賬帳號刪除密碼訂單退款貨快遞客服投訴賣買登錄註銷幫助盡忘封鎖收寄址話郵箱信息資訊個隱私申付錢元嗎呢怎辦吧查詢哪找修改驗證短覆麻煩商店換壞錯誤聯繫絡希協更陳林黃張李王吳劉蔡楊許鄭謝"
)
_KANJI = frozenset(
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都和統以機平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百派点教報済書府活原先共得解名交資予川向際査勝面委告軍文反元重近千考判認画海参売利組知案道信策集在件団別物側任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝革価式確村提運終挙果西勢減台広容必応演電歳住争談能無再位置企真流格有疑口過局少放税検藤町常校料沢裁状工建語球営空職証土与急止送援供可役構木割聞身費付施切由説転食比難防補車優夫研収断井何南石足違消境神番規術護展態導鮮備宅害配副算視条幹独警宮究育席輸訪楽起万着乗店述残想線率病農州武声質念待試族象銀域助労例衛然早張映限親額監環験追審商葉義伝働形景落欧担好退準賞訴辺造英被株頭技低毎医復仕去姿味負閣韓渡失移差衆個門写評課末守若脳極種美岡影命含福蔵量望松非撃佐核観察整段横融型白深字答夜製票況音申様財港識注呼渉達返品様個情報削除願致問合問退会登録解約届購入注文番号返金払荷物商品住所変更確認電話連絡対応教忘者様田中佐藤鈴木高橋渡辺伊藤山本失礼件先依頼伺誤請求料停止"
)
_SYLLABLE = frozenset(
    "이다는을의가에고한하를로은지사도기들대그해어서인나자시리여스아일있으정라수보제전부만주안있구원과상것장년소공무거유위조게비우경적동오니선면신모회방말지행세계문국분요진생용내저세당성실물관화와되된했습합까않없겠싶좋감사안녕하세요환불요청비밀번호잊탈퇴개인정보삭제주문배송계좌확인부탁드립니다전화메일문의고객센터영업결제취소변경주소답변바랍니다받못왜언제어떻게때네제발님김박최강조윤임아직처럼같"
)
_USUAL = {
    "gb18030": _SIMPLIFIED,
    "big5hkscs": _TRADITIONAL,
    "cp932": _KANJI,
    "euc_jp": _KANJI,
    "cp949": _SYLLABLE,
}
_FIRST_LEVEL = {
    "gb18030": ("gb2312", b"\xb0\xd7"),
    "big5hkscs": ("big5", b"\xa4\xc6"),
    "cp932": ("euc_jp", b"\xb0\xcf"),
    "euc_jp": ("euc_jp", b"\xb0\xcf"),
}
"""The standard behind each, and the bytes with which its frequent signs begin."""
_JAPANESE = frozenset({"cp932", "euc_jp"})
_CYRILLIC = frozenset({"cp1251", "koi8-r", "koi8-u"})
_ALPHABETIC = frozenset({*_CYRILLIC, "cp1253", "iso8859-7", "cp1255", "cp1256", "cp874"})
_CENTRAL = ("cp1250", "iso8859-2")
_BALTIC = "cp1257"
_NEEDS = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl"), _CENTRAL),
    **dict.fromkeys(("lt", "lv"), (_BALTIC,)),
    "tr": ("cp1254",),
}
_COMMON_PAIRS = (
    "ст но то на ен ов ни ра во ко не по пр ет за ка ли ос ал от ер ре го ро ел ол ла ат ть ны ло та ит де ом ес мо ан"
    " ин ав ри ва ле ма ог да ви ми до ор ил бы ск ас ме аз со об из ке ши жа зд ам ие ия ый ая ой ку ше шё ую"
)
_PAIRS = frozenset(_COMMON_PAIRS.split())
"""Pairs of letters that are common in Russian and its neighbours."""
_ENOUGH, _FAIR, _SURELY = 0.65, 0.35, 0.85
"""Of the signs of a text, how many have to be usual ones before it is taken for that language whatever else fits, and
where the detector says so too."""

_LETTER_RUN = r"[^\W\d_]+"
_WORDS = re.compile(_LETTER_RUN)
_IN_A_WORD = re.compile(
    r"[a-zA-Z\u00c0-\u024f][^\w\s.,:;!?'’\"()\[\]<>&/@*+=|\-–—…`´^~#%€$°_\ufffd]+[a-z\u00df-\u024f]"
)
_SCRIPTS = re.compile(
    "([a-zA-Z\u00c0-\u024f])|([\u0370-\u03ff])|([\u0400-\u04ff])|([\u0590-\u05ff])|([\u0600-\u06ff])|([\u0e00-\u0e7f])"
)
_ODD = re.compile("[\x80-\x9f\ufffd\ue000-\uf8ff]")
_RUN = re.compile("[^\x00-\x7f\xa0“”„‘’…–—«»·•€™\ufffd]{4,}")
_NO_VOWEL = re.compile("[б-джзйк-нп-тф-щъьБ-ДЖЗЙК-НП-ТФ-ЩЪЬ]{4,}")
_SIGN_THEN_LETTER = re.compile("[\xa1-\xbf][A-Za-z]")
_THAI = re.compile("[\u0e01-\u0e5b]")
_THAI_OUT_OF_PLACE = re.compile(
    "(?:^|[^\u0e01-\u0e2e\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|[\u0e40-\u0e44](?![\u0e01-\u0e2e])"
)
_TURNED_CASE = re.compile("[а-яёα-ω][А-ЯЁΑ-Ω]")
_HALF_WIDTH = re.compile("[\uff66-\uff9f]")
_SYLLABLES_IN_A_ROW = re.compile(
    "(?:(?:[ｷｼﾁﾆﾋﾐﾘ][ﾞﾟ]?[ｬｭｮ]|[ﾌｳﾁｼﾃﾄﾂｸ]ﾞ?[ｧ-ｫ]|[ｶ-ﾄﾊ-ﾎｳ]ﾞ|[ﾊ-ﾎ]ﾟ|[ｦｱ-ﾝ])(?:ｰ|ｯ(?=[ｶ-ﾄﾊ-ﾎ]))*)+"
)
"""Kana of half width as Japanese puts them: marks and small ones only behind those that take them."""
_OF_ALPHABETS = frozenset("ｨｪｯｲ")
"""Kana of the first half in whose places Cyrillic has capitals, too."""
_KANA_ROW = re.compile("[\uff61-\uff9f]+")
_MARKS = frozenset("ﾞﾟｰ")
_LEAST_KANA, _MOST_AS_SIGNS = 3, 4
_ICELANDIC, _THORNS = re.compile("[áéíóúæÁÉÍÓÚÆ]"), re.compile("[ðþýÐÞÝ]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A charset by Python's name, and the text in it."""

    codec: str
    text: str


def guess(data: bytes) -> Guess:
    """The charset in which these bytes read best; Western where nothing fits. Linear in a sample's length."""
    sample = _sample(data)
    by_signs, share = _by_signs(sample)
    if by_signs and share >= _ENOUGH:
        return _read(data, by_signs)
    if _is_half_width(sample, share):
        return _read(data, _half_width_codec(sample))
    ranked = _ranked(sample)
    for codec, confidence in ranked:
        text = sample.decode(codec, "replace")
        if codec in _ALPHABETIC and sum(1 for char in text if char >= "\x80" and char.isalpha()) < 2:
            continue  # a single letter of another alphabet is a sign of money or the like
        if codec in _LATIN:
            codec = _which_latin(sample, codec, confidence, dict(ranked).get(_WESTERN, 0.0))
            return _read(data, codec)
        if codec in _SYLLABLES:
            if _is_thai(sample):
                return _read(data, "cp874")
            if share > _FAIR:
                return _read(data, by_signs)
        elif not _is_noise(text) and (codec != "cp874" or _is_thai(sample)):
            others = [name for name, _ in ranked if name in _CYRILLIC]
            return _read(data, _which_cyrillic(sample, others) if codec in _CYRILLIC else codec)
    return _read(data, _WESTERN if share < _FAIR and _strictly(sample, _WESTERN) else by_signs or _WESTERN)


def is_doubtful(text: str, codec: str) -> bool:
    """Whether text that was read as its mail says looks like another charset: letters of several scripts in a word,
    signs in the midst of words, capitals where small letters belong, a page of rare signs."""
    sample = text[:_SAMPLE]
    if codec in _USUAL:
        share = _usual_share(sample, codec)
        return share is not None and share < 0.3 and not (codec in _JAPANESE and _is_kana(sample))
    if codec in _LATIN or codec in _OTHER_LATIN:
        signs = len(_SIGN_THEN_LETTER.findall(sample))
        if signs >= 3 and signs * 3 > sum(1 for char in sample if char >= "\x80"):
            return True
        if _IN_A_WORD.search(sample) or any(len(set(run)) > 1 for run in _RUN.findall(sample)):
            return True
    return _is_noise(sample)


def other_latin(data: bytes) -> Guess | None:
    """The reading of what claims to be Western but most likely is not: Central European, Turkish, Baltic, or a few
    signs of East Asia. None where it may be Western."""
    sample = _sample(data)
    if (east := few_signs(sample)) is not None:
        return _read(data, east)
    needed = _needed_by_words(data[:_SAMPLE])
    if not needed and sum(1 for byte in sample if byte >= 0x80) < 2:
        return None
    ranked = dict(_ranked(sample))
    western = ranked.get(_WESTERN, 0.0)
    codec = max(_LATIN & ranked.keys(), key=lambda codec: ranked[codec], default=_WESTERN)
    if needed:
        found = _read(data, max(needed, key=lambda codec: ranked.get(codec, 0.0)))
        return None if found.text == data.decode(_WESTERN, "replace") else found
    if codec != _WESTERN and ranked[codec] >= _LIKELY and ranked[codec] >= _CLEARLY * western:
        return _read(data, codec)
    closest = _which_latin(sample, _WESTERN, 0.0, 0.0)
    return None if closest == _WESTERN else _read(data, closest)


def quality(text: str, codec: str) -> float:
    """How well a text reads in a charset's language, from 0 to 1; only for comparing two readings of the same bytes."""
    if codec in _USUAL:
        share = _usual_share(text[:_SAMPLE], codec)
        return 1.0 if share is None else share
    return 0.2 if is_doubtful(text, codec) else 0.8


def _read(data: bytes, codec: str) -> Guess:
    from cs_console.intake.charsets import decoded  # which asks this module where a charset has to be guessed

    return Guess(codec, decoded(data, codec))


def _sample(data: bytes) -> bytes:
    """The lines with most to tell: those that are not ASCII."""
    start = data[: 8 * _SAMPLE]
    telling = [line for line in start.split(b"\n") if not line.isascii()] or [start]
    kept: list[bytes] = []
    length = 0
    for line in telling:
        if length and length + len(line) > _SAMPLE:
            break
        kept.append(line)
        length += len(line)
    return b"\n".join(kept)[: 2 * _SAMPLE]


def _by_signs(sample: bytes) -> tuple[str, float]:
    """The charset of signs and syllables in which most of the text is usual, and how much of it."""
    best, most = "", 0.0
    for codec in _SYLLABLES:
        text = _strictly(sample, codec)
        share = None if text is None else _usual_share(text, codec)
        if share is not None and share > most:
            best, most = codec, share
    return best, most


def _strictly(sample: bytes, codec: str) -> str | None:
    """The sample in that charset; None where it does not fit. Its last sign may be cut."""
    for end in range(len(sample), max(len(sample) - 4, 0), -1):
        try:
            return sample[:end].decode(codec)
        except UnicodeDecodeError as problem:
            if problem.start < len(sample) - 4:
                return None
        if len(sample) < _SAMPLE:
            return None
    return None


def _usual_share(text: str, codec: str) -> float | None:
    """The share of usual signs among those that are not ASCII; None where there is none but punctuation."""
    usual = _USUAL[codec]
    counted, hits = 0, 0.0
    for char in text:
        if char < "\x80":
            continue
        counted += 1
        if char in usual:
            hits += 1
        elif "\u3041" <= char <= "\u30fe":
            hits += 1 if codec in _JAPANESE else 0.3
        elif "\uac00" <= char <= "\ud7a3" and codec == "cp949":
            hits += 0.35
        elif char in "、。，！？：；「」（）…　～・“”":
            hits += 0.7 if char != "・" else 0.2
        elif "\u4e00" <= char <= "\u9fff":
            hits += 0.4 if _is_frequent(char, codec) else 0.2
        elif "\u2460" <= char <= "\u24ff" or "\uff01" <= char <= "\uff5e" or "\u3200" <= char <= "\u32ff":
            hits += 0.4
        elif "\uff61" <= char <= "\uff9f":
            hits += 0.05
        else:
            hits -= 0.5
    return max(hits / counted, 0.0) if counted else None


def _is_frequent(char: str, codec: str) -> bool:
    """Whether the charset has the sign among those that it lists first because they are used most."""
    standard, leads = _FIRST_LEVEL.get(codec, ("", b""))
    try:
        return bool(standard) and leads[0] <= char.encode(standard)[0] <= leads[1]
    except UnicodeEncodeError:
        return False


def few_signs(sample: bytes) -> str | None:
    """The charset of a few signs of East Asia that would be noise in Western; None where it may be Western."""
    others = sum(1 for byte in sample if byte >= 0x80)
    if others < 2 or others * 2 < len(b"".join(sample.split())):
        return None  # letters with accents are between others
    by_signs, share = _by_signs(sample)
    if by_signs and share >= _SURELY:
        return by_signs
    return _half_width_codec(sample) if _is_half_width(sample, share) else None


def _is_half_width(sample: bytes, share: float) -> bool:
    """Whether all that is not ASCII are Japanese kana of half width; `share` of it are usual signs in their charset."""
    if share > _FAIR and _could_be_signs(sample):
        return False
    codec = _half_width_codec(sample)
    text = _strictly(sample, codec) or ""
    kana = _HALF_WIDTH.findall(text)
    if len(set(kana)) < _LEAST_KANA or not _is_kana(text):
        return False
    if codec == "euc_jp":
        return True  # nothing else has that sign before each letter
    first_half = sum(1 for char in kana if char <= "ｿ" and char not in _OF_ALPHABETS)
    # small letters in KOI8, and capitals in other alphabets, have the places of the rest
    return first_half * 8 >= len(kana) and not _is_thai(sample)


def _is_kana(text: str) -> bool:
    """Whether all that is not ASCII are kana of half width in places where Japanese puts them."""
    others = "".join(char for char in text if char >= "\x80")
    return bool(others) and not _SYLLABLES_IN_A_ROW.sub("", others).strip("｡｢｣､･")


def _could_be_signs(sample: bytes) -> bool:
    """Whether so few kana could be half as many signs as well, and nothing but kana has marks."""
    if _half_width_codec(sample) == "euc_jp":
        return False
    rows = _KANA_ROW.findall(sample.decode("cp932", "replace"))
    return all(len(row) <= _MOST_AS_SIGNS and len(row) % 2 == 0 and not _MARKS.intersection(row) for row in rows)


def _half_width_codec(sample: bytes) -> str:
    """EUC-JP has a sign before each."""
    return "euc_jp" if sample.count(b"\x8e") * 2 >= sum(1 for byte in sample if byte >= 0x80) else "cp932"


def _is_thai(sample: bytes) -> bool:
    """Whether the letters are Thai ones in places where Thai puts them."""
    text = sample.decode("cp874", "replace")
    letters, others = len(_THAI.findall(text)), sum(1 for char in text if char >= "\x80")
    return letters >= 6 and letters * 10 >= others * 9 and len(_THAI_OUT_OF_PLACE.findall(text)) * 30 <= letters


def _ranked(sample: bytes) -> list[tuple[str, float]]:
    from chardet import detect_all  # only where a charset has to be guessed: 30 MB

    known = [_NAMES.get(codec, codec) for codec in (*_ALPHABETS, *_SYLLABLES)]
    ranked = detect_all(sample, ignore_threshold=True, include_encodings=known, compat_names=False)
    back = {name: codec for codec, name in _NAMES.items()}
    return [
        (back.get(name, name), found["confidence"])
        for found in ranked
        if (name := found["encoding"]) is not None and name != "ascii"
    ]


def _which_cyrillic(sample: bytes, codecs: list[str]) -> str:
    """The one in which most pairs of letters are common; they have the same letters in other places."""

    def common(codec: str) -> int:
        text = sample.decode(codec, "replace").lower()
        return sum(1 for pair in pairwise(text) if "".join(pair) in _PAIRS)

    return max(codecs, key=common)  # the first of equals


def _which_latin(sample: bytes, codec: str, confidence: float, western: float) -> str:
    """Western unless the words are of a language that needs another Latin charset, or that is clearly likelier."""
    needed = _needed_by_words(sample)
    if needed:
        return codec if codec in needed else needed[0]
    if codec != _WESTERN and confidence - western > _CLOSE and not _IN_A_WORD.search(sample.decode(codec, "replace")):
        return codec
    text = sample.decode(_WESTERN, "replace")
    if _THORNS.search(text) and not _ICELANDIC.search(text):
        return _BALTIC if language_by_words(text) == "et" else "cp1254"
    return codec if codec != _WESTERN and _IN_A_WORD.search(text) else _WESTERN


def _needed_by_words(sample: bytes) -> tuple[str, ...]:
    """The charsets that the language needs, by its words, if Western does not hold its letters."""
    if has_baltic_words(sample.decode(_BALTIC, "replace")):
        return (_BALTIC,)
    text = sample.decode(_WESTERN, "replace")
    if (needed := _NEEDS.get(language_by_words(text))) is not None:
        return needed
    # Baltic letters in the places of Danish ones must not outweigh the words
    return (_BALTIC,) if _NEEDS.get(language_by_words(text, letters=False)) == (_BALTIC,) else ()


def _is_noise(text: str) -> bool:
    words = _WORDS.findall(text)
    if any(len({found.lastindex for found in _SCRIPTS.finditer(word)}) > 1 for word in words[:400]):
        return True
    turned = sum(1 for word in words if _TURNED_CASE.search(word) or _NO_VOWEL.fullmatch(word))
    return turned * 3 > len(words) or len(_ODD.findall(text)) * 20 > len(text)
