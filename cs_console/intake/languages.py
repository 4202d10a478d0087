"""Which language a message is in, guessed from its script and its commonest words; good enough for a filter."""

import re
from collections import Counter

from cs_console.intake.quoted_history import new_text

_READ = 2000
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff図発売読県広応価気払込沢辺駅働渋歩毎鉄黒]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("uk", re.compile("[іїєґ]", re.IGNORECASE)),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
# Words that hold sentences together, and those with which letters to a customer service begin, ask and end. One that
# several languages have counts for each of them, but less.
_COMMON = {
    "en": "the a an and or of to in is are was were be been have has had i my me you your we our it its this that"
    " these those not no do does did don't can can't could would will won't please thank thanks hello hi dear"
    " regards sincerely with for from on at by as if but when what where why how who which there here about"
    " after all any some out up want need know delete remove send sent get got received order account refund"
    " parcel data copy help password still yes i'm i've it's everything anything something because"
    " since until just also again yet only very",
    "de": "der die das den dem des ein eine einen einem einer und oder nicht ist sind war waren wird werden wurde"
    " haben habe hat hatte ich mein meine meinen meinem meiner mir mich sie ihr ihre ihnen wir uns unser es im"
    " in zu zum zur von vom mit für auf an bei aus nach über um als wenn aber wie was wo warum wann wer kann"
    " können könnte möchte will bitte danke vielen dank hallo guten tag passwort vergessen sehr geehrte damen"
    " herren grüße gruß freundlichen konto bestellung paket löschen daten kein keine noch schon nur auch immer"
    " mehr hier dass daß weil bis seit ja nein doch bekommen erhalten",
    "fr": "le la les l un une des du de d et ou ne pas est sont était suis ai as a avons avez ont je j mon ma mes"
    " moi me vous votre vos nous notre nos il elle ils on ce cet cette ces que qu qui quoi où quand comment"
    " pourquoi pour par avec dans sur sous au aux en mais si très plus bien bonjour bonsoir merci madame"
    " monsieur cordialement salutations s'il plaît veuillez voudrais veux puis pouvez commande compte colis"
    " remboursement supprimer données mot passe reçu toujours encore aussi jamais rien tout tous toute depuis"
    " été être avoir fait c'est n'ai j'ai",
    "es": "el la los las un una unos unas y o de del al que qué no es son era soy está están estoy he ha han hay yo"
    " mi mis me su sus se lo le les nos nuestro ustedes usted tú tu por para con sin en sobre desde hasta pero"
    " si sí muy más bien hola buenos buenas días tardes gracias saludos atentamente favor quiero quisiera"
    " necesito puedo pueden pueda cómo cuándo dónde quién pedido cuenta paquete reembolso eliminar borrar"
    " datos contraseña recibido todavía aún también nunca nada todo todos desde ya porque cuando donde este"
    " esta esto mío",
    "pt": "o a os as um uma uns umas e ou de do da dos das no na nos nas ao à que não é são era sou está estão"
    " estou foi tenho tem têm há eu meu minha meus minhas me você vocês seu sua se lhe nós nosso por para pelo"
    " pela com sem em sobre desde até mas muito mais bem olá oi bom boa dia tarde obrigado obrigada"
    " cumprimentos atenciosamente favor quero gostaria preciso posso podem como quando onde quem porque"
    " encomenda pedido conta reembolso apagar excluir eliminar dados senha recebi ainda também nunca nada tudo"
    " já isso este esta consigo",
    "it": "il lo la i gli le un uno una e o di del della dei delle dal al alla nel nella sul che non è sono era ho"
    " ha hai hanno abbiamo io mio mia miei mie mi vi ci si lei suo sua loro per con senza in su da fra ma se"
    " come quando dove chi perché cosa molto più bene buongiorno buonasera salve ciao grazie cordiali saluti"
    " distinti favore vorrei voglio posso potete può ordine account pacco rimborso cancellare eliminare dati"
    " password ricevuto ancora anche mai niente tutto tutti già questo questa stato",
    "nl": "de het een en of van naar in is zijn was waren wordt worden heb hebt heeft hebben had ik mijn mij me u"
    " uw jij je jullie wij we ons onze hij zij ze er dit dat deze die niet geen wel met voor op aan bij uit"
    " over om als maar hoe wat waar waarom wanneer wie kan kunt kunnen zou wil willen graag alstublieft"
    " alsjeblieft dank bedankt hallo beste geachte goedendag groet groeten vriendelijke bestelling rekening"
    " pakket verwijderen gegevens wachtwoord ontvangen nog al ook altijd meer hier omdat sinds ja nee terug",
    "sv": "och eller att det den de en ett är var har hade jag min mitt mina mig ni er du din vi oss vår inte ingen"
    " på i av till för från med om som när var hur vad varför vem kan kunde skulle vill vänligen snälla tack"
    " hej hälsningar vänliga beställning konto paket radera ta bort uppgifter lösenord fått ännu också alltid"
    " mer här eftersom sedan ja nej men så mycket tillbaka",
    "da": "og eller at det den de en et er var har havde jeg min mit mine mig i jer du din vi os vores ikke ingen"
    " på af til for fra med om som når hvor hvordan hvad hvorfor hvem kan kunne ville vil gerne venligst tak"
    " hej hilsen venlig bestilling konto pakke slette oplysninger adgangskode modtaget endnu også altid mere"
    " her fordi siden ja nej men så meget tilbage være blevet noget nogen",
    "no": "og eller at det den de en et er var har hadde jeg min mitt mine meg dere du din vi oss vår ikke ingen på"
    " av til for fra med om som når hvor hvordan hva hvorfor hvem kan kunne ville vil gjerne vennligst takk"
    " hei hilsen vennlig bestilling konto pakke slette opplysninger passord mottatt ennå også alltid mer her"
    " fordi siden ja nei men så mye tilbake være blitt noe noen fått",
    "fi": "ja tai ei ole on oli olen ovat en minä minun mun minulle te teidän teille me meidän se tämä että mitä"
    " missä miksi milloin kuka miten voi voitte voisitte haluan haluaisin kiitos hei moi hyvää päivää"
    " terveisin ystävällisin tilaus tilaukseni tili tilini paketti poistakaa poistaa tiedot tietoni salasana"
    " vielä myös aina kun mutta jos",
    "pl": "i lub oraz a w z na do od o u za po przez dla nie jest są był była być mam ma mamy mi mnie mój moja moje"
    " moich moją państwo pan pani was wasz to ten ta że się jak kiedy gdzie dlaczego co kto czy proszę"
    " dziękuję dzień dobry witam pozdrawiam poważaniem chcę chciałbym chciałabym mogę można zamówienie konto"
    " paczka przesyłka usunięcie usunąć danych hasło otrzymałem jeszcze też już tylko bardzo",
    "cs": "a nebo v z na do od o u za po pro se si je jsou byl byla být mám má máme mi mě můj moje mého vy váš vás"
    " to ten ta že jak kdy kde proč co kdo zda prosím děkuji dobrý den pozdravem chci chtěl chtěla bych mohu"
    " můžete objednávka účet zásilka smazat smazání údaje údajů heslo obdržel ještě také už jen velmi ale jsem",
    "sk": "a alebo v z na do od o u za po pre sa si je sú bol byla byť mám má mi mňa môj moje môjho vy váš vás to"
    " ten tá že ako kedy kde prečo čo kto či prosím ďakujem dobrý deň pozdravom chcem chcel chcela by môžem"
    " môžete objednávka účet zásielka zmazať vymazať údaje údajov heslo ešte tiež už len veľmi ale som",
    "hu": "a az egy és vagy nem van vannak volt voltak lesz hogy én nekem engem ön önök kérem szépen köszönöm"
    " tisztelt üdvözlettel jó napot mit hol mikor miért hogyan ki szeretném szeretnék tudom lehet rendelés"
    " rendelésem fiók fiókom fiókomat csomag törölni törölje töröljék adataimat jelszó még is már csak nagyon"
    " de ha mert",
    "ro": "și si sau de la în cu din pe pentru nu este sunt era am ai a au eu meu mea mei mele mă îmi vă"
    " dumneavoastră noi nostru că ce cum când unde cine vă rog mulțumesc multumesc bună ziua stimată cu"
    " respect doresc vreau pot puteți comanda comandă cont contul colet ștergeți datele parola primit încă mai"
    " doar foarte dar dacă",
    "tr": "ve veya bir bu şu o ben benim bana siz sizin size biz bizim değil var yok mı mi mu mü için ile ama çok"
    " daha en de da ki ne nerede neden nasıl kim zaman lütfen teşekkürler teşekkür ederim merhaba iyi günler"
    " saygılarımla istiyorum sipariş siparişim hesap hesabım hesabımı kargo iade silin silmek verilerimi şifre"
    " şifremi aldım hâlâ",
    "hr": "i ili u na do od o s sa za po je su bio bila biti imam ima mi me moj moja moje mog vi vaš vas to taj ta"
    " da se kako kada gdje zašto što tko molim hvala dobar dan poštovanje pozdrav želim mogu možete narudžba"
    " račun paket izbrisati izbrišite podatke lozinka primio još također već samo vrlo ali nije nisam sam",
    "sl": "in ali v na do od o z s za po je so bil bila biti imam ima mi me moj moja moje vi vaš vas to ta da se"
    " kako kdaj kje zakaj kaj kdo prosim hvala dober dan spoštovani pozdrav želim lahko naročilo račun paket"
    " izbrisati izbrišite podatke geslo prejel še tudi že samo zelo ampak ni nisem sem",
    "lt": "ir kad yra nėra buvo ne mano man mane mes jūs jūsų jums šis tai kur kada kodėl kaip kas nuo iki su dėl bet"
    " jau dar labas laba diena sveiki prašau prašome ačiū dėkoju pagarbiai noriu norėčiau galite galiu gavau negavau"
    " neatėjo užsakymas užsakymo užsakymą siunta siuntinys prekė prekę prekės paskyra paskyrą duomenis duomenų"
    " slaptažodį slaptažodis pamiršau pinigus pinigų grąžinti grąžinkite ištrinti ištrinkite pagalbą",
    "lv": "un ir nav bija kas ka mans mana manu manus man es mēs jūs jūsu jums šis tas kur kad kāpēc kā ar no uz par"
    " vai bet jau vēl labdien sveiki lūdzu paldies cieņu vēlos gribu varu varat saņēmu nesaņēmu saņemt pasūtījums"
    " pasūtījumu sūtījums paka paku prece preci konts kontu datus dati paroli parole aizmirsu naudu atgriezt dzēst"
    " izdzēsiet palīdziet",
    "et": "ja on ei oli ma mina minu mulle mind meie teie te see et või aga kui kus millal miks kuidas mis kas ka veel"
    " tere päevast palun aitäh tänan täname lugupidamisega soovin tahan saan saa saaksite tellimus tellimuse pakk"
    " paki konto kontole andmed andmeid andmete isikuandmed isikuandmeid parool parooli unustasin kustutage"
    " kustutada raha tagasi",
    "id": "dan atau yang di ke dari untuk dengan tidak bukan ada adalah saya kami anda ini itu akan sudah belum"
    " bisa tolong mohon terima kasih halo selamat pagi siang apa bagaimana kapan dimana mengapa pesanan akun"
    " paket hapus data kata sandi ingin mau juga",
    "vi": "và hoặc của là không có tôi bạn chúng xin vui lòng cảm ơn chào kính gửi đơn hàng tài khoản xóa dữ liệu"
    " mật khẩu cho với này đó khi nào ở đâu tại sao như thế",
}
_CYRILLIC_WORDS = {
    "ru": "где что как моя мой мое моё меня мне мои я и не ли нет это пожалуйста спасибо здравствуйте",
    "uk": "де що як моя моє мене мені мої чому коли будь ласка дякую прошу добрий день доброго дня",
    "bg": "къде какво как моята моя ми съм сте няма моля искам благодаря здравейте добър ден още това",
}
_CYRILLIC = {code: frozenset(words.split()) for code, words in _CYRILLIC_WORDS.items()}
_WORDS = {code: tuple(dict.fromkeys(words.split())) for code, words in _COMMON.items()}
_OWN_LETTERS = frozenset(word for code in ("lt", "lv") for word in _WORDS[code] if not word.isascii() and len(word) > 3)
_SHARED = Counter(word for words in _WORDS.values() for word in words)
_WEIGHTS: dict[str, tuple[tuple[str, float], ...]] = {
    word: tuple((code, 1 / count**0.7) for code, words in _WORDS.items() if word in words)
    for word, count in _SHARED.items()
}
# Letters that few languages have; two of them weigh as much as a word.
_LETTERS = {
    "ß": "de",
    "ä": "de fi sv",
    "ö": "de fi sv hu tr",
    "ü": "de hu tr",
    "ñ": "es",
    "¿": "es",
    "¡": "es",
    "ã": "pt",
    "ç": "fr pt tr",
    "è": "fr it",
    "ê": "fr pt",
    "œ": "fr",
    "ò": "it",
    "ù": "fr it",
    "å": "sv da no",
    "æ": "da no",
    "ø": "da no",
    "ł": "pl",
    "ą": "pl lt",
    "ę": "pl lt",
    "ż": "pl",
    "ś": "pl",
    "ě": "cs",
    "ř": "cs",
    "ů": "cs",
    "ľ": "sk",
    "ĺ": "sk",
    "ŕ": "sk",
    "ô": "sk fr pt",
    "ő": "hu",
    "ű": "hu",
    "ș": "ro",
    "ț": "ro",
    "ă": "ro",
    "ş": "tr",
    "ğ": "tr",
    "ı": "tr",
    "đ": "hr vi",
    "ė": "lt",
    "į": "lt",
    "ų": "lt",
    "ē": "lv",
    "ģ": "lv",
    "ķ": "lv",
    "ļ": "lv",
    "ņ": "lv",
    "õ": "pt et",
    "ơ": "vi",
    "ư": "vi",
}
_FEW = re.compile(f"[{''.join(_LETTERS)}]")
_MOST_OF_ONE = 3
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LINKS = re.compile(r"\S*(?:://|@|www\.)\S*")
_TAG = re.compile(r"\s*([a-zA-Z]{2,3})\b")


def language_of(text: str, claimed: str = "") -> str:
    """A two- or three-letter code: what the message claims (Content-Language), else the best guess, else "en"."""
    found = _TAG.match(claimed)
    if found:
        return found[1].lower()
    sample = _LINKS.sub(" ", new_text(text[: 4 * _READ])[:_READ])
    letters = 0 if sample.isascii() else sum(map(str.isalpha, sample))
    for code, script in _SCRIPTS if letters else ():
        if len(script.findall(sample)) * (20 if code in ("ja", "uk") else 4) > letters:
            return _cyrillic(sample) if code == "ru" else code
    return language_by_words(sample)


def _cyrillic(sample: str) -> str:
    """Russian, or a language whose own words are more and whose own letters few."""
    words = set(_WORD.findall(sample.casefold()))
    hits = {code: len(words & own) for code, own in _CYRILLIC.items()}
    return max(hits, key=lambda code: hits[code])


def language_by_words(text: str, *, letters: bool = True) -> str:
    """The language of which most words are, of those in Latin letters; English where nothing says so. Not `letters`:
    letters that few languages have say nothing."""
    sample = text[:_READ].casefold()
    scores = {"en": 0.01}
    for word, count in Counter(_WORD.findall(sample.replace("’", "'"))).items():
        for one in (word, *(word.split("'") if "'" in word and word not in _WEIGHTS else ())):
            for code, weight in _WEIGHTS.get(one, ()):
                scores[code] = scores.get(code, 0.0) + weight * min(count, _MOST_OF_ONE)
    if letters and not sample.isascii():
        for letter in _FEW.findall(sample)[:40]:
            for code in _LETTERS[letter].split():
                scores[code] = scores.get(code, 0.0) + 0.5
    return max(scores, key=lambda code: scores[code])


def has_baltic_words(text: str) -> bool:
    """Whether a common Lithuanian or Latvian word is in it, written with letters of its own."""
    return any(word in _OWN_LETTERS for word in _WORD.findall(text[:_READ].casefold()))
