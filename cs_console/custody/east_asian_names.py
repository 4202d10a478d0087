"""Names in Chinese, Japanese and Korean: by a form of address after them, a relation before them, or as a signature."""

import re
from collections.abc import Iterator

from cs_console.custody.folding import Span

LABEL = "name"
_HAN = "\u3400-\u9fff"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪"
    "田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛"
    "邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳"
    "齐梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪"
    "靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧"
    "畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟"
    "宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"
    "張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧蔣賈閻葉鍾錢湯賴龔龐蘭嚴齊莊陸鄒鄔顧賀譚範萬喬"
)
_COMMON_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱"
    "秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂焦柳邢岳齐梅莫庄"
    "辛祝左涂谷祁舒耿詹关苗凌费纪"
    "張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧蔣賈閻葉鍾錢湯賴龔于"
)
_COMPOUND = "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|夏侯|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|宇文|长孙|端木|南宫"
_NO_PART = frozenset(
    "的了是在和与跟也都就还要说想有没不来去给把被让请您你我他她它们这那哪个吗吧呢啊已经今昨明天年月日号因为所以但可能会"
    "到从对于住叫先女小太收寄电手地址联系签打发订买退换问答客服"
    "家人用后前里上下未成即仍则将常每由及或又再只等同帮替代向用户昵称名字姓，。、"
)
_PART_UNLESS_BEFORE = {"小": "姐时時", "明": "天日年早晚确確", "月": "底初份", "成": "功为了"}
_AFTER_NAME = (
    "的了是在和与跟也都就还要说想有没不来去给把被让已因住从签打收寄买退,.，。、;；!！?？:：（） \n\t)"
    "(先女小您你我他她等今昨这那（帮替用去今现目电手地于联会能可曾刚常一年每"
)
_TITLES = "先生|女士|小姐|太太|夫人|同志|师傅|老师|經理|经理|主任|律师|医生|阿姨|叔叔|大姐|大哥|同学|教授|总监"
_TITLE = re.compile(_TITLES)
_BEFORE_TITLE = re.compile(rf"[{_HAN}]{{1,6}}\Z")
_GIVEN = rf"[{_HAN}]"
_RELATION_WORDS = (
    "妈妈|爸爸|母亲|父亲|妈|爸|姐姐|妹妹|哥哥|弟弟|姐|妹|哥|弟|老公|老婆|丈夫|妻子|太太|儿子|女儿|爷爷|奶奶|外公|外婆|"
    "姥姥|姥爷|叔叔|阿姨|舅舅|姑姑|姨妈|朋友|"
    "同事|邻居|室友|房东|男朋友|女朋友|男友|女友|未婚妻|未婚夫|表哥|表姐|表弟|表妹|堂哥|堂弟|堂姐|堂妹|侄子|侄女|外甥|"
    "孙子|孙女|岳父|岳母|公公|婆婆|领导|老板|助理|"
    "律师|同学|媽媽|鄰居|老師|老师|嫂子|姐夫|妹夫|孩子|闺女|監護人|监护人|家人|代理人"
)
_RELATION = re.compile(
    rf"(?:我们?的?|他的?|她的?|咱)(?:亲|大|小|二|好|老)?(?:{_RELATION_WORDS})(?:叫做?|名叫|是|,|:|，)?"
)
_NAMING = re.compile(
    r"(?:我叫做?|我的名字(?:是|叫)|名字(?:是|叫)|本人是?|姓名(?:是|为)?|收件人(?:是|为|改为|改成|姓名)?|收货人(?:是|为|"
    r"姓名|改成|改为)?|联系人(?:是|为)?|寄件人(?:是|为)?|聯絡人|收件者|"
    r"持卡人(?:是|为)?|户名(?:是|为)?|戶名|开户人|名叫|署名|签收人(?:是|为)?|申请人(?:是|为)?|经办人|法人|受益人|此致|"
    r"客户)[: ]{0,2}"
)
_I_AM = re.compile("我是")
_SENTENCE_BEGINS = "\n,.!。，！、 好"
_SIGNED = re.compile(
    r"(?:谢谢|謝謝|多谢|感谢|感謝|敬礼|敬禮|此致|祝好|顺祝商祺|盼复|盼覆|辛苦了|拜托了|麻烦了|静候佳音|致敬|祝商祺|"
    r"谢了)[ \t]*[。!！.,，~～]*[ \t]*\n\s{0,4}"
)
_SIGNED_LINE = re.compile(rf"(?P<name>[{_HAN}]{{2,4}})[ \t]*(?=\n|\Z|\x00|[0-9])")
_RESPECTFULLY = re.compile(r"敬上|谨上|謹上|拜上|谨启|敬启|上(?=\s*(?:\n|\Z))")
_BEFORE_RESPECTFULLY = re.compile(rf"(?:\A|[\n ,，。])(?P<name>[{_HAN}]{{2,4}}) ?\Z")


def chinese(text: str) -> Iterator[Span]:
    """Names that begin with a known surname, after a relation or before a form of address."""
    for found in _TITLE.finditer(text):
        first = max(0, found.start() - 6)
        before = _BEFORE_TITLE.search(text[first : found.start()])
        start = _titled_start(before.group()) if before else None
        if before is not None and start is not None:
            yield Span(first + before.start() + start, found.start(), LABEL)
    for pattern in (_RELATION, _NAMING, _I_AM):
        for found in pattern.finditer(text):
            if pattern is _I_AM and found.start() and text[found.start() - 1] not in _SENTENCE_BEGINS:
                continue
            size = name_size(text, found.end(), sure=pattern is _NAMING)
            if size:
                yield Span(found.end(), found.end() + size, LABEL)
    for found in _SIGNED.finditer(text):
        line = _SIGNED_LINE.match(text, found.end())
        if line is not None and _is_name(line["name"]):
            yield Span(found.end(), line.end("name"), LABEL)
    for found in _RESPECTFULLY.finditer(text):
        first = max(0, found.start() - 6)
        before = _BEFORE_RESPECTFULLY.search(text[first : found.start()])
        if before is not None and before["name"][0] in SURNAMES:
            yield Span(first + before.start("name"), first + before.end("name"), LABEL)


def name_size(text: str, at: int, sure: bool) -> int:
    """How many characters the name has that begins here; 0 for none."""
    window = text[at : at + 5]
    compound = re.match(_COMPOUND, window)
    family = 2 if compound else 1
    if not compound and (not window or window[0] not in (SURNAMES if sure else _COMMON_SURNAMES)):
        return 0
    if not compound and not _may_be_given(window, 0) and window[0] in _PART_UNLESS_BEFORE:
        return 0  # "明天" and "成功" begin with family names too
    given = 0
    for char in window[family : family + 2]:
        if not re.match(_GIVEN, char) or not _may_be_given(window, family + given):
            break
        given += 1
    if not given:
        return 0
    after = text[at + family + given : at + family + given + 1]
    if (
        given == 2
        and not sure
        and after
        and re.match(_GIVEN, after)
        and after not in _AFTER_NAME
        and after not in _NO_PART
    ):
        return family + given if window[0] in _COMMON_SURNAMES else 0
    return family + given


def _may_be_given(text: str, at: int) -> bool:
    """Whether this character is a part of a given name: some are unless a certain one follows."""
    char = text[at]
    if char in _PART_UNLESS_BEFORE:
        return text[at + 1 : at + 2] not in tuple(_PART_UNLESS_BEFORE[char])
    return char not in _NO_PART


def _is_name(line: str) -> bool:
    """Whether a line of its own is a name: a surname and one or two more characters."""
    family = 2 if re.match(_COMPOUND, line) else 1
    return (family == 2 or line[0] in _COMMON_SURNAMES) and 1 <= len(line) - family <= 2


def _titled_start(before: str) -> int | None:
    """Where the name begins that a form of address follows: the surname and at most two more characters."""
    compound = list(re.finditer(_COMPOUND, before))
    if compound and len(before) - compound[-1].start() <= 4:
        return compound[-1].start()
    for size in (3, 2):
        part = before[-size:]
        if len(part) == size and part[0] in _COMMON_SURNAMES and all(_may_be_given(part, at) for at in range(1, size)):
            if part[0] in "于任时常向和" and part[1] in _COMMON_SURNAMES and size == 2:
                continue
            return len(before) - size
    last = before[-1]
    return len(before) - 1 if last in _COMMON_SURNAMES else None


# --- Japanese ----------------------------------------------------------------------------------------------

_KANA = "ぁ-んァ-ヴー"
_HONORIFIC = re.compile(
    rf"(?P<name>[{_HAN}々]{{2,4}}(?: [{_HAN}々]{{1,3}})?|[ァ-ヴー]{{2,8}})(?:様|さま|さん|氏|殿|君|ちゃん)(?![々子相])"
)
_NO_NAME = re.compile(
    "(?:客|皆|奥|神|者|員|社|長|方|店|母|父|子供|息子|お子|供|祖|兄|姉|弟|妹|孫|各位|同|多|仕|模|御中|担当|先生|会|課|"
    "係|部|嫁|ユーザー|オーナー|スタッフ|メーカー|サポート|業者|王|屋|今|何|貴)\\Z"
)
_JP_RELATION = re.compile(
    r"(?:妻|夫|母|父|娘|息子|姉|妹|兄|弟|祖母|祖父|友人|同僚|隣人|知人|家族|彼女|彼氏|主人|家内|上司|叔母|叔父|従兄|"
    r"従妹|孫|代理人|長男|長女|次男|次女)の"
    rf"(?P<name>[{_HAN}々]{{2,5}}(?:[ 　][{_HAN}々]{{1,3}})?|[ァ-ヴー]{{2,8}})(?=[がはをにのもとで、。,. ]|より|から|"
    rf"です|\Z)"
)
_JP_NAMING = re.compile(
    rf"(?:氏名|お名前|名前|受取人|宛名|宛先|名義|差出人|担当者|依頼人)(?:は|:|が)[ ]?(?P<name>[{_HAN}々]{{2,5}}(?: "
    rf"[{_HAN}々]{{1,3}})?|[ァ-ヴー]{{2,8}}(?: [ァ-ヴー]{{2,8}})?|[ぁ-ん]{{2,5}} [ぁ-ん]{{2,5}})"
)
_JP_SAID = re.compile(
    rf"(?P<name>[{_HAN}々]{{2,5}}(?: [{_HAN}々]{{1,3}})?|[ァ-ヴー]{{2,8}})(?:と申します|と言います|といいます|"
    rf"でございます)"
)
_JP_I_AM = re.compile(rf"(?:私は|わたしは|僕は)(?P<name>[{_HAN}々]{{3,5}}(?: [{_HAN}々]{{1,3}})?)(?=です)")
_JP_SIGNED = re.compile(
    rf"(?:ます|ください|敬具|草々|以上)[。.]?[ \t]*\n\s{{0,3}}(?P<name>[{_HAN}々]{{3,5}}|[{_HAN}々]{{1,3}}[ ]"
    rf"[{_HAN}々ぁ-ん]{{1,3}})[ \t]*(?=\n|\Z)"
)
_JP_SURNAMES = (
    "佐藤|鈴木|高橋|田中|伊藤|渡辺|渡邊|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|斎藤|齋藤|清水|山崎|"
    "池田|橋本|阿部|石川|山下|中島|石井|小川|前田|岡田|長谷川|藤田|後藤|近藤|"
    "村上|遠藤|青木|坂本|斉藤|福田|太田|西村|藤井|金子|岡本|藤原|中野|三浦|原田|中川|松田|竹内|小野|田村|中山|和田|"
    "石田|森田|上田|内田|柴田|酒井|宮崎|横山|高木|安藤|宮本|大野|小島|谷口|今井|"
    "工藤|高田|増田|丸山|杉山|村田|大塚|新井|小山|平野|藤本|河野|上野|野口|武田|松井|菅原|岩崎|久保|木下|佐野|野村|"
    "松尾|市川|杉本|古川|島田|水野|桜井|高野|吉川|山内|西田|飯田|菊池|小松|北村|安田|"
    "五十嵐|川口|平田|中田|服部|岩田|土屋|川崎|本田|樋口|永井|秋山|吉村|川上|石原|馬場|大橋|松岡|浜田|森本|星野|浅野|"
    "松下|吉岡|小池|野田|荒木|大谷|松浦|熊谷|黒田|尾崎|永田|川村|望月|早川|篠原|内藤"
)
_JP_KNOWN = re.compile(
    rf"(?:(?<=[。、,!\n ])|\A)(?P<name>(?:{_JP_SURNAMES})(?: ?[{_HAN}々]{{1,3}}| ?[ぁ-んァ-ヴー]{{2,4}})?)(?=です|と申|"
    rf"でご|より)"
)
_NOT_JP_NAMES = re.compile(
    "(?:会員|客|会社|商品|注文|返品|担当|店舗|本人|自分|利用|電話|住所|番号|今回|昨日|今日|以上|荷物|配送|日本|東京|"
    "購入|者\\Z|員\\Z|中\\Z|学生|部\\Z|店\\Z|社\\Z)"
)


def japanese(text: str) -> Iterator[Span]:
    """Names before 様 and さん, after a relation, in "...と申します", and as a signature."""
    for pattern in (_HONORIFIC, _JP_RELATION, _JP_NAMING, _JP_SAID, _JP_I_AM, _JP_SIGNED, _JP_KNOWN):
        for found in pattern.finditer(text):
            name = found["name"]
            if pattern is _HONORIFIC and _NO_NAME.search(name):
                continue
            if _NOT_JP_NAMES.search(name):
                continue
            yield Span(found.start("name"), found.end("name"), LABEL)


# --- Korean -------------------------------------------------------------------------------------------------

_KR_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석"
    "선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_KR_NAME = rf"[{_KR_SURNAMES}][가-힣]{{2}}"
_KR_TITLED = re.compile(rf"(?<![가-힣])(?P<name>{_KR_NAME}) ?(?:씨|님|군|양)(?![가-힣]{{3}})")
_KR_NAMING = re.compile(
    rf"(?:이름은|이름:|성함은|수령인은?|받는 ?사람은?|예금주는?|저는|나는|언니|오빠|누나|형|동생|어머니|아버지|아내|"
    rf"남편|아들|딸|친구|이웃)[ :]{{1,2}}(?P<name>{_KR_NAME})(?=이라고|라고|입니다|이에요|예요|이고|가|이|은|는|을|를|"
    rf"의|에게|,|\.| |\Z)"
)
_KR_NOT = frozenset(("고객님", "선생님", "사장님", "기사님", "담당자"))


def korean(text: str) -> Iterator[Span]:
    """Names of three syllables before 씨 and 님, after a relation or "이름은"."""
    for pattern in (_KR_TITLED, _KR_NAMING):
        for found in pattern.finditer(text):
            if not found["name"].startswith(
                ("고객", "선생", "사장", "기사", "담당", "저희", "이번", "주문", "전화", "문의", "배송")
            ):
                yield Span(found.start("name"), found.end("name"), LABEL)
