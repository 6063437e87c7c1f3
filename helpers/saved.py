"""Reading what torch.save wrote, without running what somebody hid in it."""

import pickle
from pathlib import Path

import torch

from helpers.data import how_to_restore


def load_saved(path):
    """Tensors, numbers, lists and dictionaries of a file, on the CPU.

    A pickle may hold calls of any function, which run when it is opened;
    with `weights_only` torch refuses them. Raises FileNotFoundError if there
    is no file, and ValueError, with the reason, for a file that is damaged
    or holds anything else.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except pickle.UnpicklingError as error:
        if "Unsupported global" in str(error):
            raise ValueError(
                "it holds more than numbers, and opening it could run a "
                "program; it was not opened"
            ) from None
        raise ValueError("it is damaged, or not of torch.save") from None
    except (RuntimeError, EOFError, OSError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"it is damaged, or not of torch.save: {reason}"
        ) from None


def with_weights(net, path, whose, unpack=dict, remedy=None):
    """A network with the weights of a file, in evaluation mode.

    whose: the network's name in a message: "NanoDet's"
    unpack: what makes a state dict of what the file holds
    remedy: what to do about a bad file, where it is none of the course's

    Raises FileNotFoundError if the file is missing, and ValueError if it is
    damaged or holds the weights of another network.
    """
    remedy = remedy or how_to_restore(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is missing: {remedy}.")
    try:
        net.load_state_dict(unpack(load_saved(path)))
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} does not hold {whose} weights ({reason}): {remedy}."
        ) from None
    return net.eval()
