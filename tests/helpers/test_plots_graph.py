"""The graph of a Value is drawn so that it can be read."""

import random
from itertools import pairwise

import matplotlib.pyplot as plt
import pytest

from helpers import plots_graph
from helpers.engine import topological
from helpers.plots_graph import HALF, graph_of, layout


class Node:
    """What a Value of the notebook holds."""

    def __init__(self, *inputs):
        self.data, self.grad = random.uniform(-2, 2), 1.0
        self.inputs = tuple((node, 0.5) for node in inputs)


def some_graph(seed):
    random.seed(seed)
    nodes = [Node() for _ in range(random.randint(1, 4))]
    for _ in range(random.randint(0, 12)):
        nodes.append(Node(*random.choices(nodes, k=random.randint(1, 2))))
    return Node(*nodes[-2:])


@pytest.mark.parametrize("seed", range(30))
def test_no_two_nodes_or_passing_arrows_share_a_place(seed):
    root = some_graph(seed)
    nodes, ways = layout(root)
    assert nodes.keys() == set(topological(root))
    passing = [point for way in ways.values() for point in way[1:-1]]
    for x in {x for x, _ in nodes.values()}:
        heights = [y for at, y in (*nodes.values(), *passing) if at == x]
        heights.sort()
        assert all(b - a > 0.99 for a, b in pairwise(heights))


@pytest.mark.parametrize("seed", range(30))
def test_every_arrow_leads_from_an_input_to_the_right(seed):
    nodes, ways = layout(some_graph(seed))
    for node, (column, _) in nodes.items():
        for i, (source, _) in enumerate(node.inputs):
            way = ways[node, i]
            assert (way[0], way[-1]) == (nodes[source], nodes[node])
            columns = [x for x, _ in way]
            assert columns == [*range(nodes[source][0], column + 1)]
    assert len(ways) == sum(len(node.inputs) for node in nodes)


def test_a_leaf_stands_beside_what_uses_it():
    early, late = Node(), Node()
    root = Node(Node(Node(early)), late)
    nodes, _ = layout(root)
    assert [nodes[n][0] for n in (early, late, root)] == [0, 2, 3]


def test_the_picture_says_names_values_gradients_and_slopes(monkeypatch):
    shown = []
    monkeypatch.setattr(plots_graph, "show", lambda *pair: shown.append(pair))
    leaf = Node()
    leaf.data, leaf.grad = -3.0, 2.78e-17
    root = Node(leaf, leaf)
    root.data = 1.25
    graph_of(root, mine=leaf)
    [(figure, words)] = shown
    assert words.endswith(
        "mine: value -3, gradient 0; a node: value 1.25, gradient 1."
    )
    texts = [text.get_text().strip() for text in figure.axes[0].texts]
    assert texts.count("0.5") == 2, "two arrows"
    places = [patch.get_x() + HALF for patch in figure.axes[0].patches]
    assert places == [0, 1]
    plt.close(figure)


def test_a_graph_that_nobody_could_read_is_refused():
    root = Node()
    for _ in range(plots_graph.MOST):
        root = Node(root)
    with pytest.raises(ValueError, match=r"21 nodes.*shorter formula"):
        graph_of(root)
