"""Seven tasks to be guessed from examples, and how often a model does it.

(T. Brown and others, 2020.) A prompt is a list of examples, one a line,
"hot -> cold", and a question, "big ->". Nothing is trained.
"""

import random

import torch

NUM_QUESTIONS = 36
MOST_EXAMPLES = 8


def _pairs(text):
    return [tuple(pair.replace("_", " ").split(":")) for pair in text.split()]


_NOUNS = (
    "dog cat house river tree book car apple church story friend horse bird "
    "star stone bread water music paper garden window table street winter "
    "summer green yellow orange purple silver doctor teacher farmer sister "
    "brother mother father island forest desert ocean planet engine bridge"
)
TASKS = {
    "antonym": _pairs(
        "hot:cold big:small up:down left:right open:closed fast:slow "
        "light:dark happy:sad rich:poor young:old true:false good:bad "
        "high:low hard:soft wet:dry full:empty early:late long:short "
        "strong:weak day:night black:white love:hate win:lose buy:sell "
        "push:pull come:go front:back inside:outside above:below "
        "first:last thick:thin loud:quiet clean:dirty war:peace "
        "male:female north:south east:west summer:winter begin:end "
        "accept:reject include:exclude increase:decrease import:export "
        "ascend:descend"
    ),
    "capital": _pairs(
        "France:Paris Italy:Rome Germany:Berlin Spain:Madrid Japan:Tokyo "
        "China:Beijing Russia:Moscow Egypt:Cairo Greece:Athens "
        "Portugal:Lisbon Austria:Vienna Poland:Warsaw Norway:Oslo "
        "Sweden:Stockholm Finland:Helsinki Denmark:Copenhagen "
        "Ireland:Dublin Hungary:Budapest Canada:Ottawa Cuba:Havana "
        "Peru:Lima Chile:Santiago Kenya:Nairobi Iraq:Baghdad Iran:Tehran "
        "India:New_Delhi Thailand:Bangkok Vietnam:Hanoi Nepal:Kathmandu "
        "Belgium:Brussels Romania:Bucharest Bulgaria:Sofia Ukraine:Kyiv "
        "Turkey:Ankara Syria:Damascus Lebanon:Beirut Indonesia:Jakarta "
        "Philippines:Manila Argentina:Buenos_Aires Australia:Canberra "
        "Ghana:Accra Venezuela:Caracas Colombia:Bogotá Ecuador:Quito"
    ),
    "plural": _pairs(
        "dog:dogs cat:cats house:houses child:children man:men "
        "woman:women foot:feet tooth:teeth mouse:mice city:cities "
        "baby:babies box:boxes bus:buses leaf:leaves wolf:wolves "
        "knife:knives life:lives tree:trees book:books car:cars "
        "apple:apples church:churches dish:dishes story:stories "
        "country:countries lady:ladies boy:boys key:keys hero:heroes "
        "potato:potatoes goose:geese person:people wife:wives half:halves "
        "glass:glasses match:matches river:rivers star:stars "
        "friend:friends horse:horses bird:birds fox:foxes watch:watches "
        "party:parties"
    ),
    "upper case": [(word, word.upper()) for word in _NOUNS.split()],
    "past tense": _pairs(
        "go:went see:saw take:took give:gave run:ran eat:ate write:wrote "
        "speak:spoke sing:sang buy:bought think:thought bring:brought "
        "teach:taught make:made say:said walk:walked play:played "
        "jump:jumped look:looked work:worked talk:talked help:helped "
        "call:called ask:asked want:wanted break:broke choose:chose "
        "drive:drove fly:flew grow:grew know:knew swim:swam begin:began "
        "drink:drank sit:sat stand:stood win:won lose:lost find:found "
        "feel:felt keep:kept sleep:slept leave:left build:built"
    ),
    "French": _pairs(
        "dog:chien cat:chat house:maison water:eau bread:pain book:livre "
        "tree:arbre sun:soleil moon:lune man:homme woman:femme "
        "child:enfant day:jour night:nuit red:rouge green:vert blue:bleu "
        "white:blanc black:noir hand:main head:tête eye:oeil heart:coeur "
        "king:roi queen:reine school:école street:rue city:ville "
        "milk:lait wine:vin cheese:fromage apple:pomme horse:cheval "
        "bird:oiseau fish:poisson flower:fleur friend:ami sea:mer "
        "fire:feu garden:jardin door:porte window:fenêtre table:table "
        "snow:neige"
    ),
    "Spanish": _pairs(
        "dog:perro cat:gato house:casa water:agua bread:pan book:libro "
        "tree:árbol sun:sol moon:luna man:hombre woman:mujer child:niño "
        "day:día night:noche red:rojo green:verde blue:azul white:blanco "
        "black:negro hand:mano head:cabeza eye:ojo heart:corazón king:rey "
        "queen:reina school:escuela street:calle city:ciudad milk:leche "
        "wine:vino cheese:queso apple:manzana horse:caballo bird:pájaro "
        "fish:pez flower:flor friend:amigo sea:mar fire:fuego "
        "garden:jardín door:puerta window:ventana table:mesa snow:nieve"
    ),
}


def draw_examples(task, seed):
    """(examples, questions): 8 and 36 pairs that differ, drawn from a task.

    Raises KeyError for an unknown task.
    """
    pairs = TASKS[task][:]
    random.Random(seed).shuffle(pairs)
    end = MOST_EXAMPLES + NUM_QUESTIONS
    return pairs[:MOST_EXAMPLES], pairs[MOST_EXAMPLES:end]


def prompt(examples, question):
    """The text that a model continues: examples, then the question.

    examples: pairs of texts. The text ends with an arrow, without a blank.
    """
    lines = [f"{q} -> {a}" for q, a in examples]
    return "\n".join([*lines, f"{question} ->"])


def shuffled(examples):
    """The same questions and answers, each answer with the next question."""
    answers = [answer for _, answer in examples]
    answers = answers[1:] + answers[:1]
    return [(q, a) for (q, _), a in zip(examples, answers, strict=True)]


@torch.no_grad()
def accuracy(model, tokenizer, examples, questions):
    """The share of questions that the model answers exactly, 0 to 1.

    The examples are read once, and their keys and values serve all the
    questions. A text written by always taking the likeliest token is the
    right answer exactly if each token of that answer is the likeliest after
    those before it; so the right answers are given, in one pass, and
    nothing is written.
    """
    if not questions:
        raise ValueError("there is nothing to ask: give some questions")
    prefix = "".join(f"{q} -> {a}\n" for q, a in examples)
    ids = tokenizer.encode(prefix) or [0]  # 0: the beginning of a text
    caches = model.new_caches()
    model(torch.tensor([ids]), caches, last=True)
    asked = [tokenizer.encode(f"{q} ->") for q, _ in questions]
    wanted = [tokenizer.encode(f" {a}\n") for _, a in questions]
    rows = [[*a, *w] for a, w in zip(asked, wanted, strict=True)]
    length = max(map(len, rows))
    batch = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    for cache in caches:
        for name in cache:
            cache[name] = cache[name].expand(len(rows), -1, -1, -1)
    best = model(batch, caches).argmax(dim=-1).tolist()
    right = 0
    for said, a, w in zip(best, asked, wanted, strict=True):
        right += said[len(a) - 1 : len(a) + len(w) - 1] == w
    return right / len(rows)
