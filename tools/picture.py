"""Draw the picture of the README: one answer of BigModel, and why.

python -m tools.picture
"""

import matplotlib.pyplot as plt
import torch

from helpers.attribution import occlusion
from helpers.data import load_embedded
from helpers.figures import MODEL, QUIET, SIGNED, use_look
from helpers.model import load_bigmodel
from tools.notebook_files import ROOT

PICTURE = ROOT / "notebooks" / "images" / "why_a_coat.png"


def question():
    """(image, probabilities, map): a shirt that is surely called a coat.

    Of the validation images of shirts that BigModel calls coats, the one
    whose probability of a coat is nearest to 0.9. The map holds what
    covering a pixel's neighbourhood takes from the score of a coat.
    """
    images = load_embedded().validation
    shirt, coat = map(images.class_names.index, ("shirt", "coat"))
    model = load_bigmodel()
    X = images.inputs()[images.labels == shirt]
    with torch.no_grad():
        p = torch.cat([model(part) for part in X.split(200)]).softmax(dim=1)
    called = (p.argmax(dim=1) == coat).nonzero()[:, 0]
    chosen = called[(p[called, coat] - 0.9).abs().argmin()]
    X, p = X[chosen, None], p[chosen]
    why = occlusion(model, X, torch.tensor([coat]))[:, 0]
    probabilities = dict(zip(images.class_names, p.tolist(), strict=True))
    return X[0, 0], probabilities, why[0]


def picture():
    use_look()
    X, probabilities, why = question()
    figure, axes = plt.subplots(1, 3, figsize=(9, 3), width_ratios=(3, 4, 3.4))
    axes[0].imshow(X)
    axes[0].set_title("a shirt ...")
    names = sorted(probabilities, key=probabilities.get)[-4:]
    values = [probabilities[name] for name in names]
    bars = axes[1].barh(names, values, color=[QUIET] * 3 + [MODEL])
    axes[1].bar_label(bars, fmt=" {:.2f}")
    axes[1].set(xlim=(0, 1.1), xticks=[])
    axes[1].spines.bottom.set_visible(False)
    axes[1].set_title("... that BigModel calls a coat")
    limit = why.abs().max()
    shown = axes[2].imshow(why, cmap=SIGNED, vmin=-limit, vmax=limit)
    axes[2].contour(X, levels=[0.1], colors="black", linewidths=0.6)
    figure.colorbar(shown, label="for a coat", ticks=[0], shrink=0.8)
    axes[2].set_title("why?")
    for ax in axes[::2]:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    figure.savefig(PICTURE, dpi=160, metadata={"Software": None})


if __name__ == "__main__":
    picture()
