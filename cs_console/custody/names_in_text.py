"""Names of people that the words before them introduce ("my sister", "Mr", "my name is"), and those of signatures.

A name is a run of capitalised words. One that is a common word counts only where nothing else can be meant, and a word
that turns what is said is never part of one.
"""

import re
from functools import cache

from cs_console.custody.common_words import is_common, turns_meaning
from cs_console.custody.folding import Span
from cs_console.custody.personal_data import UNSPACED
from cs_console.custody.word_shapes import word_set

LABEL = "name"
MOST_WORDS = 5
_TOKEN = re.compile(rf"[^\W\d_{UNSPACED}]+(?:['’-][^\W\d_{UNSPACED}]+)*")
_PARTICLES = word_set(
    "de del della dello degli lo di da do dos das du des la las le los van von vom zu zur der den dem ter ten te bin "
    "ibn binti al el "
    "af av y e i d' o' mac mc st san san"
)
_FUNCTION_WORDS = word_set(
    "i you he she it we they my your his her our their the a an this that these those who what which when where why "
    "how "
    "and or but if so as at by for from in into of off on onto out over to up with about after before since until is "
    "are "
    "was were be been am do does did has have had can could will would shall should may might must please thanks thank "
    "hello "
    "hi dear sir madam mr mrs ms all any both each more most other some such only own same than too very just also "
    "here there "
    "order account parcel number address ticket customer service support team mail email phone "
    "ich du er sie es wir ihr mein meine dein deine sein seine unser unsere ihre ihren ihrem ihrer der die das den dem "
    "des ein "
    "eine einen einem einer und oder aber wenn als wie bei von vom zu zum zur mit nach seit aus auf in im an am fur "
    "uber unter "
    "ist sind war waren hat haben hatte wird werden wurde kann konnte soll muss bitte danke hallo herr frau damen "
    "herren kunde "
    "kundin bestellung konto paket nummer adresse "
    "je tu il elle nous vous ils elles mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs le la les un "
    "une des et "
    "ou mais si que qui quand comme pour par avec dans sur est sont etait a ont merci bonjour monsieur madame commande "
    "compte "
    "colis numero adresse yo el ella nosotros ustedes mi mis tu tus su sus nuestro nuestra los las uno una y o pero "
    "cuando como "
    "para por con en es son era ha han gracias hola pedido cuenta paquete io lui lei noi voi loro mio mia il lo gli "
    "uno e ed o "
    "ma se che chi quando come per con su da e sono era grazie ciao ordine conto pacco eu ele ela meu minha os as um "
    "uma em no "
    "na que quem por obrigado ola pedido conta ik jij hij zij wij mijn het een en of maar met voor van niet "
    "dank"
)
_NO_PERSON = word_set(
    "team service services support customer care kundenservice kundendienst kundenbetreuung abteilung gmbh ag kg inc "
    "ltd llc "
    "limited sa sl srl sarl spa department shop store desk office helpdesk equipe equipo squadra servicio servizio "
    "atencion "
    "cliente clientes clients serviceteam kunden company corporation corp bank group gruppe verlag verein online "
    "iphone ipad "
    "android outlook samsung galaxy windows phone mobile app officer manager director assistant protection data "
    "privacy legal "
    "sent gesendet envoye enviado inviato"
)
_NEVER_SECOND = word_set(
    "monday tuesday wednesday thursday friday saturday sunday january february march july august september october "
    "november "
    "december montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar marz juli oktober dezember "
    "paket geld "
    "hilfe probleme bescheid ware post zeit recht anspruch lampe bestellung lieferung rechnung briefe brief "
    "anruf"
)
_OF_FAMILY = word_set(
    "mutter vater schwester bruder tochter sohn mama papa gemahlin ober speaker president minister chairman"
)
_GERMAN_NOUN = re.compile(
    r"(?:ung|ungen|heit|keit|schaft|tion|tionen|nis|tum|ware|nummer|paket|konto|rechnung|bestellung|lieferung|geld|"
    r"betrag|"
    r"termin|vertrag|antrag|karte|e-mail|spruch|stand|problem|anlass|grund|schaden|fehler|versand|ruckgabe|gutschein)\Z"
)


def name_at(text: str, at: int, strict: bool, titled: bool = False) -> tuple[int, int, int]:
    """The name that begins here: where it ends, how many words it has, and how many of them are no common words.

    A common word begins no name when `strict`, and none continues one. After a title a noun is a family's name.
    """
    end = here = at
    words = telling = particles = 0
    while words < MOST_WORDS:
        found = _TOKEN.match(text, here)
        if found is None:
            break
        word = found.group()
        plain = word.casefold()
        after = found.end()
        if (
            plain in _PARTICLES
            and (len(plain) > 1 or (words and not word[0].isupper()))
            and (text[after : after + 1] in (" ", "'") and particles < 3)
        ):
            here = after + 1
            particles += 1
            continue
        if not word[0].isupper():
            break
        initial = len(word) == 1
        if initial and text[after : after + 1] == ".":
            after += 1
        elif (initial and not words) or (
            turns_meaning(plain)
            or (not words and plain in _OF_FAMILY)
            or plain in _NO_PERSON
            or (plain in _FUNCTION_WORDS and not (words and initial))
        ):
            break
        parts = re.split(r"['’-]", plain)
        common = all(is_common(part) for part in parts) and not initial
        if common and (strict or (words and not telling)):
            break
        if not (titled and not words) and (plain in _NEVER_SECOND or _GERMAN_NOUN.search(plain)):
            break
        words += 1
        telling += not common and not initial
        end = after
        if text[after : after + 1] == " ":
            here = after + 1
        elif text[after : after + 2] == "  ":
            here = after + 2
        elif initial and text[after - 1] == ".":
            here = after
        else:
            break
    while words and text[end - 1] in "'-":
        end -= 1
    return _without_genitive(text, at, end), words, telling


def _without_genitive(text: str, at: int, end: int) -> int:
    return end - 2 if end - at > 3 and text[end - 2 : end] == "'s" else end


# --- relatives, friends, neighbours --------------------------------------------------------------------

RELATIONS = word_set(
    "sister brother mother father mum mom mam dad daddy mummy wife husband spouse son daughter neighbour neighbor "
    "friend "
    "colleague coworker boss partner aunt auntie uncle cousin niece nephew grandmother grandfather grandma grandpa "
    "granny nan "
    "grandson granddaughter grandchild fiance fiancee girlfriend boyfriend landlord landlady flatmate roommate "
    "housemate lawyer "
    "solicitor attorney doctor assistant child kid baby stepmother stepfather stepson stepdaughter stepsister "
    "stepbrother twin "
    "guardian tenant caretaker accountant secretary godmother godfather law ex babysitter nanny carer mate teacher "
    "schwester bruder mutter vater mama papa mutti vati frau mann ehefrau ehemann gatte gattin sohn tochter nachbar "
    "nachbarin "
    "nachbarn freund freundin kollege kollegin chef chefin partner partnerin tante onkel cousin cousine neffe neffen "
    "nichte oma opa grossmutter grossvater enkel enkelin enkeltochter verlobte verlobter schwager schwagerin "
    "schwiegermutter "
    "schwiegervater schwiegersohn schwiegertochter lebensgefahrte lebensgefahrtin mitbewohner mitbewohnerin vermieter "
    "vermieterin anwalt anwaltin arzt arztin betreuer betreuerin mieter mieterin kind sohnes bruders vaters schwager "
    "soeur frere mere pere maman papa femme mari epouse epoux fils fille voisin voisine ami amie collegue patron "
    "patronne "
    "compagnon compagne conjoint conjointe tante oncle cousin cousine neveu niece grand-mere grand-pere belle-mere "
    "beau-pere "
    "beau-frere belle-soeur fiance fiancee copain copine proprietaire avocat avocate medecin tuteur tutrice "
    "hermana hermano madre padre mama papa esposa esposo mujer marido hijo hija vecino vecina amigo amiga companero "
    "companera "
    "jefe jefa pareja tia tio primo prima sobrino sobrina abuela abuelo nieto nieta suegra suegro cunado cunada novio "
    "novia "
    "prometido prometida casero casera abogado abogada medico medica tutor tutora "
    "sorella fratello mamma moglie marito figlio figlia vicino vicina amico amica collega capo compagno compagna zia "
    "zio cugino "
    "cugina nipote nonna nonno suocera suocero cognata cognato fidanzato fidanzata avvocato dottore "
    "irma irmao mae pai esposo mulher marido filho filha vizinho vizinha colega chefe companheiro companheira tia tio "
    "primo prima "
    "sobrinho sobrinha avo neto neta sogra sogro cunhado cunhada namorado namorada noivo noiva advogado advogada "
    "zus broer moeder vader vrouw man zoon dochter buurman buurvrouw vriend vriendin tante oom nicht neef oma opa "
    "vriendin "
    "siostra brat mama tata zona maz syn corka sasiad sasiadka "
    "сестра сестре сестру брат брату брата мама мать отец муж мужу мужа жена жене жену сын сыну сына дочь дочери сосед "
    "соседка "
    "соседу подруга друг коллега бабушка дедушка"
)
_OWN = re.compile(
    r"(?<!\w)(?:my|our|his|her|their|your|the|mein|meine[nrms]?|unser\w{0,2}|sein\w{0,2}|ihr\w{0,2}|dein\w{0,2}|mon|ma|"
    r"mes|notre|sa|son|"
    r"mi|mis|nuestr[oa]|su|mia|mio|nostr[oa]|minha|meu|nossa|nosso|mijn|onze|moj|moja|mojej|moj[ae]go|мо\w{1,2}|"
    r"наш\w{0,2}|mother[ -]in|father[ -]in|"
    r"brother[ -]in|sister[ -]in|son[ -]in|daughter[ -]in)"
    r"(?:[ ](?:late|older|elder|younger|little|big|twin|dear|best|old|new|own|good|former|altere[nr]?|jungere[nr]?|"
    r"kleine[nr]?|grosse[nr]?|"
    r"liebe[nr]?|gute[nr]?|alte[nr]?|petite?|grande?|chere?|cher|querid[oa]|mejor|car[oa]|melhor|direct|upstairs|"
    r"downstairs|"
    r"step|ex|verstorbene[nr]?|eigene[nr]?|minderjahrige[nr]?|mayor|menor|beste[nr]?|lieve))?(?:[ -])\Z"
)
_AFTER_RELATION = re.compile(
    r"(?:-in-law)?(?P<mark> \(|,? |: |\n)(?:(?:is |are |was )?(?:named|called|heisst|namens|appelee?|nomme|nommee|"
    r"llamad[oa]|que se llama|"
    r"chiamat[oa]|chamad[oa]|genaamd|whose name is|ist|est|es|e|is) )?(?:(?:mr|mrs|ms|miss|dr|herrn?|frau|sr|sra|mme)"
    r"\.? )?"
)


def relation(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "my aunt Leocadia Bravo"; after a comma only two words, or one that a comma follows."""
    if _OWN.search(lower[max(0, start - 36) : start]) is None:
        return None
    link = _AFTER_RELATION.match(lower, end, end + 40)
    if link is None:
        return None
    last, words, telling = name_at(text, link.end(), strict=False)
    if not words or not telling:
        return None
    if link["mark"] != " " and words == 1 and text[last : last + 1] not in (",", ")"):
        return None
    return Span(link.end(), last, LABEL)


# --- titles ------------------------------------------------------------------------------------------------

TITLES = word_set(
    "mr mrs ms miss mx dr prof professor sir lady dame rev reverend herr herrn frau fraulein hr fr m mm mme mlle "
    "monsieur madame "
    "mademoiselle maitre sr sra srta sres senor senora senorita don dona sig signor signora signore signorina dott "
    "dottor "
    "dottoressa avv ing rag geom senhor senhora meneer mevrouw dhr mevr mw pan pani pana panu doktor doctor docteur "
    "doutor "
    "doutora dra господин госпожа господину госпоже"
)
_LOWER_TOO = word_set(
    "herr frau herrn monsieur madame mademoiselle mme mlle senor senora senorita don dona sr sra srta signor signora "
    "signore "
    "signorina senhor senhora meneer mevrouw dhr mevr mw господин госпожа господину госпоже mrs mr dr dra prof "
    "dott dottor dottoressa doutor doutora doktor"
)
_DOTTED = word_set("m fr hr ing rag geom rev sig")
"""Abbreviations that are other words without their full stop."""
_WORD_BEFORE = re.compile(r"[^\W\d_]+ \Z")
_AFTER_TITLE = re.compile(
    r"(?:\.?[ \n]|\.(?:ssa|ra|na)[ ]|\.)(?:(?:dr|prof|dott|ing|med|dipl|mr|herrn?|frau|mme|doktor|dra|avv|don|dona|jur|"
    r"h\.c|phil)\.?(?:-\w+\.)? ?){0,3}"
)


def titled(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "Mrs Muller": after a title a common word is a name too."""
    word = lower[start:end]
    if not text[start].isupper() and word not in _LOWER_TOO:
        return None
    if word in _DOTTED and (text[end : end + 1] != "." or not text[start].isupper()):
        return None
    if text[max(0, start - 1) : start] in ("'", "-", ".", "@", "/"):
        return None
    if text[end : end + 1] == "\n" and word not in ("herr", "herrn", "frau"):  # as a label on a letter has them
        return None
    if word == "m" and _is_middle_initial(text, start):
        return None
    link = _AFTER_TITLE.match(lower, end, end + 30)
    if link is None:
        return None
    last, words, telling = name_at(text, link.end(), strict=False, titled=True)
    if not words:
        return None
    if not telling and (
        word in ("don", "pan", "miss", "sir", "doctor", "me", "lady", "dame") or not text[start].isupper()
    ):
        return None
    if word == "dr" and not telling:
        return None
    return Span(link.end(), last, LABEL)


def _is_middle_initial(text: str, start: int) -> bool:
    """Whether an "M." stands behind a first name."""
    before = _WORD_BEFORE.search(text, max(0, start - 24), start)
    return before is not None and before.group()[0].isupper() and not is_common(before.group().strip().casefold())


# --- "my name is" -----------------------------------------------------------------------------------------

NAMING = word_set(
    "name names nom nombre nome naam imie nazwisko имя зовут heisse heisst m'appelle appelle llamo llama chiamo chiama "
    "chamo "
    "chama chamo-me heet nazywam recipient receiver addressee empfanger empfangerin destinataire destinatario "
    "destinataria odbiorca "
    "получатель ontvanger kontoinhaber kontoinhaberin titulaire titular intestatario beneficiary ansprechpartner "
    "ansprechpartnerin attn namens ordered signed cardholder accountholder holder vorname nachname familienname "
    "surname prenom "
    "apellidos apellido cognome nachnamen фамилия unterzeichner contact contacto contatto kontakt"
)
_STRONG_LINK = re.compile(
    r"(?:'s (?=[^\W\d_])|(?:'s)?(?: (?:on|of|for|in) (?:the|my) (?:\w+ ?){1,2})?(?: ?(?:is|was|ist|lautet|war|est|es|e|"
    r"era|by|:|-|=|person|holder|\(|,)){1,3}[ \n]{1,2}|(?<=full name) )"
    r"(?:(?:mr|mrs|ms|miss|dr|herrn?|frau|sr|sra|mme|m)\.? )?"
)
_BARE_LINK = re.compile(r"(?:-me| an| auf| by| me| to| for)? ")
_BARE = word_set("heisse m'appelle appelle llamo chiamo chamo heet nazywam зовут namens signed ordered attn")
_OTHER_NAMES = re.compile(
    r"(?<!\w)(?:product|file|brand|company|domain|item|model|app|host|shop|store|artikel|produkt|firmen|datei|user|"
    r"user-|login|nick|"
    r"marken|trade|project|street|place|display|account|bank|pet|dog's|cat's|produit|fichier|producto|archivo|empresa|"
    r"societe)[ -]?\Z"
)
_HOLDERS = ("holder", "titular", "titulaire", "intestatario")


def naming(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "my name is Anna Muller", "Recipient: A. Muller", "ich heisse Anna"."""
    word = lower[start:end]
    if word not in _HOLDERS and _OTHER_NAMES.search(lower[max(0, start - 14) : start]):
        return None
    link = _STRONG_LINK.match(lower, end, end + 60)
    bare = link is None and word in _BARE
    if bare:
        link = _BARE_LINK.match(lower, end, end + 12)
    if link is None:
        return None
    last, words, telling = name_at(text, link.end(), strict=False)
    if words and (telling or words > 1):
        if word in ("ordered", "signed", "contact", "contacto", "kontakt", "holder") and (words < 2):
            return None
        return Span(link.end(), last, LABEL)
    return _small_name(text, lower, link.end()) if word == "name" or bare else None


_SMALL = re.compile(
    rf"(?P<name>[^\W\d_{UNSPACED}]{{2,20}} [^\W\d_{UNSPACED}]{{3,20}})(?=[,.!;\n]|\Z| and | und | et | y )"
)


def _small_name(text: str, lower: str, at: int) -> Span | None:
    """Two uncommon words in small letters that nothing follows."""
    found = _SMALL.match(lower, at)
    if found is None or any(
        is_common(word) or turns_meaning(word) or word in _FUNCTION_WORDS for word in found["name"].split(" ")
    ):
        return None
    return Span(at, found.end("name"), LABEL)


_SAYING = {
    "am": (re.compile(r"(?<!\w)i \Z"), re.compile(r" ")),
    "m": (re.compile(r"(?<!\w)i'\Z"), re.compile(r" ")),
    "im": (re.compile(r"(?:\A|[\n.,!] ?)\Z"), re.compile(r" ")),
    "this": (re.compile(r"\Z"), re.compile(r" is ")),
    "bin": (re.compile(r"(?<!\w)(?:ich )\Z"), re.compile(r" ")),
    "hier": (re.compile(r"\Z"), re.compile(r" (?:ist|spricht|schreibt) ")),
    "suis": (re.compile(r"(?<!\w)je \Z"), re.compile(r" ")),
    "soy": (re.compile(r"\Z"), re.compile(r" ")),
    "sono": (re.compile(r"\Z"), re.compile(r" ")),
    "sou": (re.compile(r"\Z"), re.compile(r" (?:[ao] )?")),
    "ben": (re.compile(r"(?<!\w)ik \Z"), re.compile(r" ")),
    "spoke": (re.compile(r"\Z"), re.compile(r" (?:to|with) ")),
    "spoken": (re.compile(r"\Z"), re.compile(r" (?:to|with) ")),
    "ask": (re.compile(r"\Z"), re.compile(r" for ")),
    "asked": (re.compile(r"\Z"), re.compile(r" for ")),
    "est": (re.compile(r"(?<!\w)c'\Z"), re.compile(r" ")),
    "ici": (re.compile(r"\Z"), re.compile(r" ")),
    "aqui": (re.compile(r"\Z"), re.compile(r" e (?:[ao] )?")),
    "fala": (re.compile(r"\Z"), re.compile(r" (?:e )?(?:[ao] )?")),
    "habla": (re.compile(r"\Z"), re.compile(r" ")),
    "parla": (re.compile(r"\Z"), re.compile(r" ")),
    "behalf": (re.compile(r"(?<!\w)on \Z"), re.compile(r" of ")),
    "name": (re.compile(r"(?<!\w)(?:in the|im|under the|auf den) \Z"), re.compile(r" (?:of )?")),
    "namen": (re.compile(r"(?<!\w)(?:auf den|im|unter dem) \Z"), re.compile(r" (?:von )?")),
    "nom": (re.compile(r"(?<!\w)au \Z"), re.compile(r" d(?:e |')")),
    "nombre": (re.compile(r"(?<!\w)(?:a|en) \Z"), re.compile(r" de ")),
    "nome": (re.compile(r"(?<!\w)(?:a|in|em) \Z"), re.compile(r" d[ie] ")),
    "c": (re.compile(r"\Z"), re.compile(r"/o ")),
    "hd": (re.compile(r"(?<!\w)z\. ?\Z"), re.compile(r"\.? (?:v\. )?(?:herrn? |frau )?")),
}
SAYING_WORDS = tuple(_SAYING)
_MAY_BE_ONE = frozenset(("hd", "c", "nom", "namen", "nombre", "nome"))


def saying(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "I am Anna Muller": two words at least, none of them a common one."""
    word = lower[start:end]
    before, after = _SAYING[word]
    if before.search(lower[max(0, start - 12) : start]) is None:
        return None
    link = after.match(lower, end, end + 24)
    if link is None:
        return None
    last, words, telling = name_at(text, link.end(), strict=True)
    if telling and word in _MAY_BE_ONE:  # "in the name of Tom Baker": what goes on after a name may be a common word
        return Span(link.end(), name_at(text, link.end(), strict=False)[0], LABEL)
    if telling < (1 if word in _MAY_BE_ONE else 2) or words != telling + _initials(text[link.end() : last]):
        return None
    return Span(link.end(), last, LABEL)


def _initials(name: str) -> int:
    return len(re.findall(r"(?<!\w)[^\W\d_]\.", name))


# --- signatures --------------------------------------------------------------------------------------------

CLOSING = word_set(
    "regards wishes sincerely faithfully truly respectfully thanks cheers thx love best you advance grussen grusse "
    "gruss gruessen "
    "gruesse mfg lg vg hochachtungsvoll dank danke vorab cordialement salutations distingues respectueusement merci "
    "amicalement vous "
    "bien saludos atentamente cordialmente gracias saludo antemano saluti distinti cordiali grazie anticipo "
    "atenciosamente "
    "cumprimentos obrigado obrigada abraco abracos respeitosamente groet groeten dank pozdrawiam powazaniem dziekuje "
    "hilsen hilsner "
    "halsningar ystavallisin уважением спасибо заранее yours greetings mvh atte attn herzlichst herzlich liebe "
    "grusst"
)
_CLOSERS = word_set(
    "kind best warm many with and thank you very much in advance dear sincerely yours truly faithfully my regards "
    "wishes all the "
    "es mit freundlichen freundlichem lieben besten herzlichen vielen viele liebe beste herzliche freundliche grussen "
    "gruessen und aus "
    "im voraus vorab danke dank hochachtungsvoll fur ihre hilfe bien cordialement a vous merci d'avance avec mes par "
    "tres "
    "respectueuses sinceres salutations je prie agreer distinguees meilleures un saludo cordial atentamente muchas "
    "gracias de "
    "antemano reciba saludos cordiales le distinti cordiali saluti con i miei migliori grazie mille in anticipo com os "
    "melhores cumprimentos obrigado obrigada muito desde ja met vriendelijke groet groeten hartelijke bedankt alvast z "
    "powazaniem "
    "med vennlig vanlig venlig hilsen vanliga halsningar с уважением заранее спасибо большое your time help again "
    "cheers so for "
    "love lots of hartelijk veuillez agreez agreer recevez croire en l'expression sentiments mes nos assurance "
    "consideration "
    "esperando quedo espero respuesta fico aguardo resposta"
)
_AFTER_CLOSING = re.compile(r"[ \t]*[,.!;-]*[ \t]*(?P<lines>(?:\n[ \t>]*){1,4})?(?:[-–~*]{1,3} ?)?")
_TITLE_BEFORE = re.compile(r"(?:(?:mr|mrs|ms|miss|dr|prof|herr|frau|sr|sra|mme|m|ing|dipl)\.?(?:-\w+\.?)? ){0,2}")
LONGEST_NAME = 60


@cache
def _is_greeting(word: str) -> bool:
    return word in _CLOSERS or word in CLOSING


def signature(text: str, lower: str, start: int, end: int) -> Span | None:
    """The line after a closing phrase, or the rest of its line, if it is nothing but a name."""
    if text[end : end + 1] == " " and not text[end + 1 : end + 2].isupper():
        return None
    before = lower[max(0, start - 70) : start].rpartition("\n")[2]
    if len(before) < 70 and not all(_is_greeting(word) for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", before)):
        sentence = re.split(r"[.!?;,]", before)[-1]
        if not all(_is_greeting(word) for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", sentence)):
            return None
    link = _AFTER_CLOSING.match(text, end, end + 40)
    assert link is not None  # it may be empty
    at = link.end()
    if at == end:
        return None
    title = _TITLE_BEFORE.match(lower, at)
    at = title.end() if title else at
    line = text[at : at + LONGEST_NAME].partition("\n")[0]
    if len(line) == LONGEST_NAME:
        return None
    line = re.split(r"[,(|/]| - | – ", line)[0].rstrip(" \t.!-~*")
    words = re.findall(r"[^\s]+", line)
    if not 1 <= len(words) <= MOST_WORDS or re.search(r"[\d@:\x00_<>\[\]?]", line):
        return None
    last, count, telling = name_at(text, at, strict=False)
    if count and last >= at + len(line) and (telling or (count == 1 and link["lines"])):
        return Span(at, at + len(line), LABEL)
    if link["lines"] and len(words) <= 2 and not any(_no_small_name(word.casefold()) for word in words):
        return Span(at, at + len(line), LABEL)
    return None


def _no_small_name(word: str) -> bool:
    return (
        is_common(word)
        or turns_meaning(word)
        or word in _NO_PERSON
        or word in _FUNCTION_WORDS
        or _is_greeting(word)
        or not word.isalpha()
        or any(char in word for char in "\u3400")
        or re.search(f"[{UNSPACED}]", word) is not None
    )
