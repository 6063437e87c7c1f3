"""Inputs for the measures of drawn images."""

from tests.course.twins.draw import Twin


def to_compare(draw):
    columns = draw.turn(2, 3, 4)
    A = draw.tensor(columns + draw.pick(2, 4), columns)
    B = 2 * draw.tensor(columns + draw.pick(2, 5), columns) + 1
    return (A.double(), B.double()), {}


def use_distance(side, A, B):
    return float(side.frechet_distance(A, B))


# Roots of eigenvalues, found in two ways.
ROOTS = {"float": 1e-7}

TWINS = {"frechet_distance": Twin(to_compare, use_distance, tolerance=ROOTS)}
