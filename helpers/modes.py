"""A twin of BigModel to whose answers its mode matters."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.model import BigModel


class NormalisedBigModel(BigModel):
    """BigModel with batch normalisation (Ioffe and Szegedy, 2015) before
    each of the first two ReLUs, and dropout (Srivastava and others, 2014).

    (batch, 3, 28, 28) to logits (batch, 10)
    """

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(64), nn.BatchNorm2d(128)
        self.dropout = nn.Dropout(0.5)

    def forward(self, X):
        X = F.max_pool2d(F.relu(self.norm1(self.conv1(X))), 2)
        X = F.max_pool2d(F.relu(self.norm2(self.conv2(X))), 2)
        X = F.relu(self.fc1(X.flatten(start_dim=1)))
        return self.fc2(self.dropout(X))


@torch.no_grad()
def with_norm_and_dropout(model, X):
    """A twin of `model` that in evaluation mode computes what it computes.

    Its stored averages are those of the images X (n, 3, 28, 28); scale and
    shift of each normalisation undo it.
    """
    twin = NormalisedBigModel()
    twin.load_state_dict(model.state_dict(), strict=False)
    first = model.conv1(X)
    undo_itself(twin.norm1, first)
    undo_itself(twin.norm2, model.conv2(F.max_pool2d(F.relu(first), 2)))
    return twin


def undo_itself(norm, inputs):
    variance, mean = torch.var_mean(inputs, dim=(0, 2, 3))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.copy_(mean)
