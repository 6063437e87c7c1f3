"""The checks of the exercises on Speech synthesis."""

from helpers.checks import check, diagnose, tensors, uniform


@check(right="you square first and average afterwards")
def mean_of_squares(answer, random):
    cases = tensors(([3.0],), ([1.0, -3.0],), ([2.0, 0.5, 0.0, -7.0],))
    cases += [(uniform(random, size),) for size in (3, 5)]

    def truth(x):
        return x.square().mean()

    mistakes = {
        "that is the sum of the squares: divide it by how many squares there "
        "are": lambda x: x.square().sum(),
        "that is the mean of the values: square each": lambda x: x.mean(),
        "that is the square of the mean: square each value before you average "
        "them": lambda x: x.mean() ** 2,
        "that is the root of it: leave it out": lambda x: truth(x).sqrt(),
    }
    otherwise = "square each value, then take the mean"
    diagnose(answer, cases, truth, mistakes, otherwise)
