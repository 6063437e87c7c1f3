"""Inputs for what is compared and carried between tools."""

from tests.course.twins.draw import Twin


def losses(draw, size):
    return [draw.random.integers(8, 41) / 16 for _ in range(size)]


def two_trainings(draw):
    a = losses(draw, draw.turn(1, 3, 6))
    moves = draw.random.choice((0, 0, 0, 1 / 16, 1 / 2, -1 / 2), len(a))
    b = [one + move for one, move in zip(a, moves, strict=True)]
    more = losses(draw, draw.turn(0, 2))
    return draw.turn((a + more, b, 1 / 8), (a, b + more, 1 / 8)), {}


def some_weight(draw):
    return (draw.tensor(draw.turn(1, 2), 6272),), {}


def some_means(draw):
    return (losses(draw, draw.turn(1, 2, 5)),), {}


def losses_and_patience(draw):
    return (losses(draw, draw.turn(1, 2, 4, 6)), draw.turn(1, 2, 3)), {}


TWINS = {
    "parting": Twin(two_trainings),
    "fc1_to_keras": Twin(some_weight),
    "step_losses": Twin(some_means),
    "should_stop": Twin(losses_and_patience),
}
