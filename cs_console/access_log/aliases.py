"""A name for a requester that people can say and remember: two words and a number, as in "quiet otter 417".

It is the beginning of the pseudonym in other words, so it comes from the requester's own key, says nothing about them,
and finds their entries as the pseudonym does. Once the key is gone no one shows it any more.
"""

FIRST = tuple(
    """
    able adept agile airy alpine amber ample arctic ardent astute autumn azure balmy basic beaming blithe bold bonny
    brave breezy bright brisk bronze bubbly calm candid careful caring casual cedar chief chosen civil classic clean
    clear clever cloudy coastal copper coral cordial cosy country crisp crystal curious daily dapper daring dawn deep
    deft desert dewy distant double dreamy dusty eager early earnest eastern easy elder elegant eleven equal even
    evening exact fabled famed fancy fast festive fifth final fine firm first fleet floral fluent fluffy fond forest
    formal fourth frank free fresh frosted frosty full gallant gentle genuine giant gifted glad glossy golden good
    grand green handy happy hardy harvest hazel hearty helpful hidden high hilly honest humble hushed ideal indigo
    inland inner insular ivory jade jaunty jolly jovial joyful keen kind kindly lasting latent leafy learned level
    light lilac linen little lively local lofty lone long loyal lucid lucky lunar major marble meadowy mellow merry
    mild mindful minor mint misty modern modest morning mossy musical mutual neat nifty nimble ninth noble notable
    oaken ocean opaline open orange orderly outer paper pastel patient pearly plain plucky polar polite prairie
    precise prime prompt proper proud prudent purple quick quiet rapid rare ready regal relaxed robust rosy round
    royal ruby rural rustic sandy scarlet scenic second secure sedate serene seven shady sharp shining silent silken
    silver simple sincere sixth sleek smart smiling smooth snowy social soft solar solid spare speedy spry stable
    stately steady stellar still stone stout strong sturdy subtle summer sunlit sunny tidy true upper violet
    """.split()  # noqa: SIM905 - a list of strings would be two pages
)
SECOND = tuple(
    """
    acorn agate alder almond anchor anise antler anvil apple apricot apron arbor arch arrow aspen aster atlas badger
    bagpipe bakery ballad bamboo banjo barley barn basil basin basket bay beacon beaver beech bell bench birch bison
    blossom boat bobbin bobcat bonnet bower bramble breeze bridge brook brush bucket bugle bulb buoy burrow butter
    cabin cactus camel canal candle canoe canyon carpet carrot cashew castle cello chalk chapel cherry cliff clover
    coast cobalt comet compass cottage cove crane creek cricket crocus cypress daisy dale deer delta dolphin dove drum
    dune eagle elm ember falcon feather fennel fern ferry fiddle fig finch fjord flint flute fox gale garden garnet
    gate gazelle ginger glacier glade glen goose granite grove gull hammer harbor hare harp hawk heather heron hill
    hollow honey horizon ibex inlet iris island ivy jasmine jay juniper kayak kestrel kettle kite koala ladder lagoon
    lake lantern larch lark lemon lens lily lime linden lodge loom lotus lynx magnet magpie mango maple marsh meadow
    melon mill moor moose mustard nectar nest nettle nutmeg oak oasis oboe olive opal orbit orchard orchid osprey
    otter owl paddle palm panda parsley pasture path peach pear pebble pelican pepper petrel pier pigeon pine piper
    planet plum pond poplar poppy prism puffin quail quarry quartz quince rabbit raven reed reef ridge river robin
    rocket rose rowan rudder saddle saffron sage salmon sapling satchel seal shell shore sparrow spruce star stork
    stream sundial swan swift teapot temple terrace thicket thistle thrush thyme tiger timber topaz torch trail trout
    tulip tundra turtle valley velvet viola
    """.split()  # noqa: SIM905 - a list of strings would be two pages
)
NUMBERS = 4096
DIGITS = 7
"""How many hex digits of a pseudonym an alias says: 28 bits, so that at 100,000 requesters 4 in 10,000 share theirs."""


def alias_of(pseudonym: str) -> str:
    """The alias in a requester's pseudonym (hex). Raises ValueError for what is none."""
    beginning = int(pseudonym[:DIGITS], 16)
    first, second, number = beginning >> 20, beginning >> 12 & 0xFF, beginning % NUMBERS
    return f"{FIRST[first]} {SECOND[second]} {number}"


def pseudonym_of_alias(alias: str) -> str | None:
    """The beginning of the pseudonym that an alias stands for, however its parts are joined; None for what is no alias.

    A word of a filter has no spaces, so there people type `quiet-otter-417`.
    """
    parts = alias.lower().replace("-", " ").split()
    if len(parts) != 3:
        return None
    first, second, number = parts
    is_number = number.isascii() and number.isdigit() and len(number) < DIGITS
    if first not in FIRST or second not in SECOND or not is_number or int(number) >= NUMBERS:
        return None
    return f"{FIRST.index(first):02x}{SECOND.index(second):02x}{int(number):03x}"
