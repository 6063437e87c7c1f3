"""Reading what torch.save wrote, without running what somebody hid in it."""

import pickle

import torch


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
