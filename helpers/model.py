"""BigModel, as `BigModel in PyTorch` builds it, and its trained weights."""

from pathlib import Path

from torch import nn
from torch.nn import functional as F

from helpers.data import DATA_FOLDER, how_to_restore
from helpers.saved import load_saved

WEIGHTS = DATA_FOLDER / "bigmodel.pt"


class BigModel(nn.Module):
    """Two convolutions and two linear layers: 6,358,658 parameters.

    Takes float images (batch, 3, 28, 28), returns logits (batch, 10). Any
    other size raises RuntimeError in the layer that it does not fit.
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(64, 128, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(128 * 7 * 7, 1000)
        self.fc2 = nn.Linear(1000, 10)

    def forward(self, X):  # (batch, 3, 28, 28)
        X = F.max_pool2d(F.relu(self.conv1(X)), 2)  # (batch, 64, 14, 14)
        X = F.max_pool2d(F.relu(self.conv2(X)), 2)  # (batch, 128, 7, 7)
        X = X.flatten(start_dim=1)  # (batch, 6272)
        X = F.relu(self.fc1(X))  # (batch, 1000)
        return self.fc2(X)  # (batch, 10)


def load_bigmodel(path=WEIGHTS):
    """BigModel with trained weights, in evaluation mode, float32, on the CPU.

    `path` holds a state dict, of half precision or more. Raises
    FileNotFoundError if it is missing and ValueError if it is damaged or
    belongs to another model.
    """
    path = Path(path)
    if path == WEIGHTS:
        mend = how_to_restore(path)
    else:
        mend = (
            "save your weights again with torch.save(model.state_dict(), ...)"
        )
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: {mend}.")
    model = BigModel()
    try:
        model.load_state_dict(load_saved(path))
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold BigModel's weights ({error}): {mend}."
        ) from None
    return model.eval()
