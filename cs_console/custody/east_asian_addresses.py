"""Postal addresses in Chinese, Japanese and Korean: from the number of a door back to street, district and town."""

import re
from collections.abc import Iterator

from cs_console.custody.folding import Span

LABEL = "address"
LOOK_BACK = 44
_HAN = "\u3400-\u9fff々ヶケ"
_NUMERALS = "一二三四五六七八九十百〇零两"
_NUMBER = rf"(?:[0-9]{{1,5}}[A-Za-z]?|[{_NUMERALS}]{{1,5}})"
_UNITS = "号院|号楼|号室|号|號|栋|棟|幢|座|楼|樓|层|層|室|单元|單元|弄|丁目|丁|番地|番|之|门|户|房|組|组|階"
_DOOR = re.compile(
    rf"{_NUMBER} ?(?:(?:{_UNITS})(?![码碼店])|-(?=[0-9]))"
    rf"(?: ?(?:[{_HAN}ァ-ヴー・A-Za-z]{{0,10}} ?)?(?:{_NUMBER} ?(?:{_UNITS}|-(?=[0-9]))|[A-Z](?:[座栋幢塔]|(?=[0-9]))))"
    rf"*+"
    rf"(?:(?<=-)[0-9]{{1,5}}|(?<=[号號楼樓院栋棟座元弄番地目丁]) ?[A-Za-z]?[0-9]{{1,5}}[A-Za-z]"
    rf"?(?![0-9年月日元点點時时:.])室?)?"
    rf"(?: ?(?:[{_HAN}ァ-ヴー・]{{2,10}}) ?[0-9]{{2,4}}(?:号室|号|室|階)"
    rf"| ?[ァ-ヴー・]{{3,14}} ?[A-Z]?[0-9]{{2,4}}(?![0-9年月日時円個点件本枚名人]))?"
)
_UNIT_SIGN = re.compile("[号號栋棟幢座楼樓层層室元弄目番户房组組階丁]")
_JAPANESE_DISTRICT = re.compile("[都道府県市区町村郡]")
_STREET = re.compile("大街|大道|街道|胡同|公寓|大厦|大廈|小区|花园|花園|新村|广场|[路街巷道里村庄坊弄苑园邨]")
_DISTRICT = re.compile("自治区|自治州|新区|[省市区區县縣镇鎮乡鄉旗都府県郡町村州]")
_WITHIN = re.compile(rf"[{_HAN}ぁ-んァ-ヴー0-9A-Za-z〒\- ]+\Z")
_FIRST = re.compile(
    "北京|上海|天津|重庆|重慶|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|"
    "贵州|云南|陕西|甘肃|青海|台湾|"
    "内蒙古|广西|西藏|宁夏|新疆|香港|澳门|臺北|台北|新北|桃園|台中|臺中|台南|高雄|九龍|東京都|北海道|京都府|大阪府|"
    "神奈川|〒 ?[0-9]{3}-[0-9]{4}|"
    "[一-龥]{2,3}県"
)
_LEAD = re.compile(
    "(?:改寄|转寄|寄到|寄至|寄往|送到|送至|送往|发到|发往|发至|改成|改为|改到|搬到|搬去|搬至|住在|住于|位于|家在|地址是|地址为|"
    "地址在|地址|住址|住所は|住所|届け先|"
    "送り先|自宅|现居|就在|现在|人在|我在|是在|在|是|为|到|至|于|给|往|请|放|住|从|把|的|了|[ぁ-んァ-ヴー 0-9A-Za-z〒-]"
    ")"
)
_NOT_A_PLACE = re.compile(
    "超市|(?<![盐晋宣聊运邹韩禹项])城市|(?<![江荆厦天])门市|上市|市场|市価|(?<!成)都市|区别|地区|小区|社区|省钱|省心|节省|知道|道歉|道理|难道|报道|渠道|公里|这里|"
    "那里|哪里|里面|家里|夜里|心里|账号|订单"
)
_ONLY_ORDER = re.compile("[第订单号編编注文受付伝票件案]\\Z")
LONGEST_TOWN = 4


def addresses(text: str) -> Iterator[Span]:
    """Addresses with a street or a district before the number of a door."""
    if _UNIT_SIGN.search(text) is None and not ("-" in text and _JAPANESE_DISTRICT.search(text)):
        return
    done = 0
    for door in _DOOR.finditer(text):
        if door.start() < done:
            continue
        first = max(done, door.start() - LOOK_BACK)
        before = _WITHIN.search(text[first : door.start()])
        start = _start(text, first + before.start(), door.start()) if before else None
        if start is None:
            continue
        end = door.end()
        while text[end - 1] in " -":
            end -= 1
        yield Span(start, end, LABEL)
        done = end


def _start(text: str, first: int, door: int) -> int | None:
    """Where the address begins whose door is there; None where no street or district is named before it."""
    before = text[first:door]
    plain = _NOT_A_PLACE.sub(lambda found: "\x00" * len(found.group()), before)
    districts = [found.start() for found in _DISTRICT.finditer(plain) if found.start() >= 2]
    streets = [found.start() for found in _STREET.finditer(plain) if found.start() >= 1]
    if not streets and len(districts) < 2:
        return None
    if not districts and door - first - streets[-1] > 8:
        return None
    known = _FIRST.search(plain)
    if known is not None:
        return first + known.start()
    marker = min(districts + streets)
    lead = [found.end() for found in _LEAD.finditer(plain, 0, marker)]
    start = lead[-1] if lead else 0
    if "\x00" in plain[start:marker]:
        start = plain.rindex("\x00", start, marker) + 1
    if marker - start > LONGEST_TOWN and not lead:
        start = marker - LONGEST_TOWN
    return first + start if marker > start else None


# --- Korean ---------------------------------------------------------------------------------------------------

_KOREAN = re.compile(
    r"[가-힣0-9]{1,10}(?:로|길|동|리|번길) ?[0-9]{1,4}(?:-[0-9]{1,4})?(?:번지)?(?:,? ?(?:[가-힣A-Za-z]{1,8} ?)?[0-9]"
    r"{1,4}(?:동|호|층)){0,3}"
)
_KOREAN_BEFORE = re.compile(r"(?:[가-힣]{1,7}(?:특별시|광역시|자치시|도|시|군|구|읍|면|동) ?){1,4}\Z")


def korean_addresses(text: str) -> Iterator[Span]:
    """A road or a quarter with a number, in a town or a district."""
    done = 0
    for found in _KOREAN.finditer(text):
        first = max(done, found.start() - 30)
        before = _KOREAN_BEFORE.search(text[first : found.start()])
        if before is not None:
            yield Span(first + before.start(), found.end(), LABEL)
            done = found.end()
