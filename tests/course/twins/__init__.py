"""What is defined twice on purpose, and inputs to hold both to account.

A notebook builds a function in front of the learner; a module of helpers/
holds the same one for later notebooks. The two are twins. They need not be
the same text: a lesson shows the shortest true form, the helper also refuses
what cannot be. They must compute the same from the same valid inputs.

shown.py       what a notebook defines, without running its lesson
draw.py        inputs of one use, from a number
portrait.py    what can be seen of a value, and where two values differ
comparison.py  both twins used on the same inputs
faults.py      one small change to a definition, to see the test go red
engine.py ...  for each module of helpers/, its twins and their inputs
"""

from tests.course.twins import (
    attribution,
    bert,
    boxes,
    costs,
    ctc,
    cues,
    detector,
    distributed,
    engine,
    evaluation,
    fast_recipe,
    flow,
    frameworks,
    generated,
    model,
    recogniser,
    shoes,
    speech,
    speed,
    training,
    translation_scores,
    translator,
    vae,
    vocoder,
    wavenet,
    without_labels,
    wordpiece,
)

# Which notebook introduces which modules, by its topic. A name that a
# notebook before it defines may mean something simpler.
INTRODUCED = {
    "shoes": "gradient_descent",
    "engine": "engine",
    "model": "big_model",
    "training": "big_model",
    "evaluation": "evaluation",
    "attribution": "interpretability",
    "speed": "speed",
    "without_labels": "fewer_images",
    "fast_recipe": "fewer_images",
    "costs": "cost_and_scaling",
    "distributed": "memory_and_processes",
    "boxes": "detection",
    "detector": "detection",
    "flow": "generation",
    "generated": "generation",
    "vae": "generation",
    "wordpiece": "bert",
    "bert": "bert",
    "cues": "bert",
    "translator": "translation",
    "translation_scores": "translation",
    "speech": "speech_recognition",
    "ctc": "speech_recognition",
    "recogniser": "speech_recognition",
    "wavenet": "speech_synthesis",
    "vocoder": "speech_synthesis",
    "frameworks": "frameworks",
}

# Classes and functions of a module that another notebook introduces.
ELSEWHERE = {
    ("engine", "Value"): "backpropagation",
    ("costs", "operations"): "speed",
    ("costs", "measure_kept"): "memory_and_processes",
}


def introduced(module, name):
    """The topic of the notebook that introduces a twin."""
    whole = name.partition(".")[0]
    return ELSEWHERE.get((module, whole), INTRODUCED[module])


# {module: {name: Twin}}: what the notebooks must show, and how to use it.
TWINS = {
    "shoes": shoes.TWINS,
    "engine": engine.TWINS,
    "model": model.TWINS,
    "training": training.TWINS,
    "evaluation": evaluation.TWINS,
    "attribution": attribution.TWINS,
    "speed": speed.TWINS,
    "without_labels": without_labels.TWINS,
    "fast_recipe": fast_recipe.TWINS,
    "costs": costs.TWINS,
    "distributed": distributed.TWINS,
    "boxes": boxes.TWINS,
    "detector": detector.TWINS,
    "flow": flow.TWINS,
    "generated": generated.TWINS,
    "vae": vae.TWINS,
    "wordpiece": wordpiece.TWINS,
    "bert": bert.TWINS,
    "cues": cues.TWINS,
    "translator": translator.TWINS,
    "translation_scores": translation_scores.TWINS,
    "speech": speech.TWINS,
    "ctc": ctc.TWINS,
    "recogniser": recogniser.TWINS,
    "wavenet": wavenet.TWINS,
    "vocoder": vocoder.TWINS,
    "frameworks": frameworks.TWINS,
}

# Modules whose classes a notebook builds method by method: every method is a
# twin of its own, "Value.tanh".
BY_METHOD = {"engine"}
