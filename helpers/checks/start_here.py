"""The check of the first exercise."""

import torch

from helpers.checks import check, diagnose, uniform


def our_brightness(image):
    return image.float().mean() / 255


@check(right="you know how an exercise works", ours=our_brightness)
def brightness(answer, random):
    fixed = [[0]], [[255]], [[51]], [[30], [60], [210]], [[0, 90], [180, 255]]
    fixed += ([[255, 255, 255], [255, 255, 0]],)
    images = [torch.tensor(pixels) for pixels in fixed]
    images += [uniform(random, shape, 0, 255) for shape in ((3, 2), (3, 4))]
    cases = [(image.to(torch.uint8),) for image in images]

    def truth(image):
        return image.double().mean() / 255

    mistakes = {
        "that runs from 0 to 255: divide by 255": lambda i: 255 * truth(i),
        "that is the sum: divide by the number of pixels, and then by 255, "
        "which is white": lambda i: i.sum(),
        "take the mean, not the sum of all pixels": lambda i: i.sum() / 255,
        "uint8 holds nothing above 255, so a sum of pixels starts again at "
        "0: make decimal numbers of them first, with image.float()": (
            lambda i: i.sum(dtype=torch.uint8) / i.numel() / 255
        ),
        "take the mean, not the brightest pixel": lambda i: i.max() / 255,
        "that is how dark it is: 0 is dark, 255 bright, and black must become "
        "0": lambda i: 1 - truth(i),
        "that is the median: take the mean": lambda i: i.median() / 255,
        "white is 255, not 256": lambda i: truth(i) * 255 / 256,
        "divide by 255, which is white, not by what is brightest in this "
        "image": lambda i: 255 * truth(i) / i.max(),
        "// cuts off the decimals: divide with /": lambda i: truth(i) // 1,
    }
    otherwise = "take the mean of all pixels, then divide by 255"
    diagnose(answer, cases, truth, mistakes, otherwise, kind="one number")
