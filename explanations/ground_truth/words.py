"""Lists of words that concepts of texts, generated texts and strings are made of. Pure."""

LEXICONS: dict[str, str] = {
    "animals": "bear bee bird cat cow crow dog duck fish fox frog goat hen horse lion mouse owl "
    "pig rabbit sheep snake spider tiger wolf",
    "colours": "black blue brown golden gray green grey orange pink purple red silver violet "
    "white yellow",
    "members of a family": "aunt brother cousin daughter father grandfather grandmother husband "
    "mother nephew niece parents sister son uncle wife",
    "food": "apple bread butter cake carrot cheese egg honey meat milk pie plum potato rice soup "
    "sugar",
    "the weather": "breeze cloud fog frost hail ice lightning mist rain rainbow snow storm "
    "sunshine thunder wind",
    "parts of the body": "arm back ear elbow eye finger foot hand head knee leg mouth neck nose "
    "shoulder toe",
    "clothes": "belt boots cap coat dress gloves hat jacket scarf shirt shoes skirt socks sweater "
    "trousers vest",
    "things to travel in": "airplane balloon bicycle boat bus canoe car ferry ship sledge taxi "
    "train tram truck van wagon",
    "tools": "axe brush chisel drill file hammer knife ladder nail needle pliers rope saw "
    "scissors screwdriver shovel",
    "furniture": "bed bench bookcase chair clock couch cupboard desk drawer lamp mirror shelf "
    "sofa stool table wardrobe",
    "buildings": "barn bridge castle church cottage factory garage hospital hotel library museum "
    "palace school station theatre tower",
    "plants": "bush cactus daisy fern flower grass ivy lily moss oak pine rose seed thistle tree "
    "tulip",
    "feelings": "afraid angry bored brave calm cheerful curious glad happy jealous lonely nervous "
    "proud sad surprised tired",
    "jobs": "artist baker builder clerk dentist doctor driver farmer fireman gardener nurse "
    "painter pilot sailor tailor teacher",
    "numbers": "one two three four five six seven eight nine ten eleven twelve twenty hundred "
    "thousand million",
    "days and months": "monday tuesday wednesday thursday friday saturday sunday january february "
    "march april june july august september october november december",
    "times of the day": "afternoon dawn dusk evening midnight morning night noon sunrise sunset "
    "today tomorrow tonight yesterday",
    "ways of speaking": "answered asked called cried laughed mumbled replied said shouted sighed "
    "told whispered yelled",
    "ways of moving": "climbed crawled danced flew hopped jumped marched ran rode rushed skipped "
    "swam walked wandered",
    "sounds": "bang buzz click crash creak growl hiss hum ring roar rustle splash squeak thud "
    "whistle",
    "sizes": "big enormous giant gigantic huge large little long narrow short small tall thick "
    "thin tiny wide",
    "water": "bay brook canal creek harbour lake ocean pond pool puddle river sea spring stream "
    "waterfall wave",
    "music": "band bell choir concert drum flute guitar harp melody note orchestra organ piano "
    "song trumpet violin",
    "school": "blackboard book chalk class essay exam homework lesson letter page pencil pupil "
    "ruler sentence spelling test",
    "games and toys": "ball blocks card chess dice doll football game kite marbles puppet puzzle "
    "robot swing teddy yoyo",
    "money": "bank bill cash cent coin debt dollar market pay penny price purse rich salary sell "
    "wallet",
}
"""What words are for, and the words."""

FREQUENT: dict[str, str] = {
    "words for places in space": "above across around behind below beside between inside near "
    "over through under",
    "pronouns": "i you he she it we they me him her us them",
    "possessive pronouns": "my your his its our their",
    "articles": "a an the",
}
"""Words that stand in almost every text, by how a description names them."""

JOINING: dict[str, str] = {
    "negations": "no not never without nobody nothing none neither",
    "question words": "who whom whose what which when where why how",
    "words that join clauses": "and but because so if although while then",
}
"""The same of those that stand in many."""

NAMES = "Anna Ben Clara David Emma Felix Grace Henry Ida Jack Kate Leo Mia Noah Olga Paul"
