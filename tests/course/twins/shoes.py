"""Inputs for the neuron that tells sneakers from boots."""

from tests.course.twins.draw import Twin


def table(draw):
    return (draw.tensor(draw.turn(5, 1, 8), draw.turn(3, 1)),), {}


def neuron(draw):
    """One neuron, or several side by side."""
    count, features = draw.turn(6, 1, 9), draw.turn(3, 1)
    X = 2 * draw.tensor(count, features).double()
    y = draw.truths(count).double()
    if draw.pick(True, False):
        return (draw.tensor(features, 4).double(), X, y[:, None]), {}
    return (draw.tensor(features).double(), X, y), {}


TWINS = {
    "with_ones": Twin(table),
    "logistic_loss": Twin(neuron),
    "logistic_gradient": Twin(neuron),
    "squares_loss": Twin(neuron),
    "squares_gradient": Twin(neuron),
}
