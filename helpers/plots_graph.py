"""Draw the graph of a Value that somebody computed."""

from itertools import pairwise

import matplotlib.pyplot as plt

from helpers.engine import topological
from helpers.figures import GRADIENT, MODEL, QUIET, show

MOST = 20  # nodes that can still be read
HALF = 0.35  # of the width of a node
CENTRED = {"ha": "center", "va": "center"}
GROUND = "#8a6100"  # a darker MODEL, for text


def layout(root):
    """Where to draw nodes and arrows, as two dicts.

    {node: (column, row)}: inputs left of what is computed from them, a leaf
    one column before the first node that uses it. {(node, number of the
    input): points}: the way of an arrow, around the nodes between its ends.

    Within a column, nodes and arrows that pass stand near what they are
    linked to (the layers and barycentres of Sugiyama, Tagawa and Toda,
    1981); no two share a place.
    """
    order = topological(root)
    column, users = {}, {node: [] for node in order}
    for node in order:
        for source, _ in node.inputs:
            users[source].append(node)
        sources = [column[source] + 1 for source, _ in node.inputs]
        column[node] = max(sources, default=0)
    for node in order:
        if not node.inputs and users[node]:
            column[node] = min(column[user] for user in users[node]) - 1
    links, ways = {node: [] for node in order}, {}
    for node in order:
        for i, (source, _) in enumerate(node.inputs):
            way = [source]
            for at in range(column[source] + 1, column[node]):
                passing = (node, i, at)  # a place that the arrow needs
                column[passing], links[passing] = at, []
                way.append(passing)
            ways[node, i] = [*way, node]
            for one, other in pairwise(ways[node, i]):
                links[one].append(other)
                links[other].append(one)
    columns = [[] for _ in range(1 + max(column.values()))]
    for thing, at in column.items():
        columns[at].append(thing)
    row = {thing: i for inside in columns for i, thing in enumerate(inside)}
    for _ in range(12):
        for inside in columns:
            wanted = {
                thing: sum(row[n] for n in links[thing]) / len(links[thing])
                for thing in inside
                if links[thing]
            }
            inside.sort(key=lambda thing: wanted.get(thing, 0))
            middle = sum(wanted.values()) / len(inside)
            for i, thing in enumerate(inside):
                row[thing] = middle + i - (len(inside) - 1) / 2
    place = {thing: (column[thing], row[thing]) for thing in column}
    points = {
        key: [place[thing] for thing in way] for key, way in ways.items()
    }
    return {node: place[node] for node in order}, points


def graph_of(root, **names):
    """The graph behind a Value: values, gradients, and slopes on arrows.

    names: what the nodes are called, `u=u, loss=loss`

    Raises ValueError for a graph too large to be read.
    """
    count = len(topological(root))
    if count > MOST:
        raise ValueError(
            f"this graph has {count} nodes, and more than {MOST} cannot be "
            "read: draw a shorter formula"
        )
    called = {node: name for name, node in names.items()}
    place, ways = layout(root)
    points = [*place.values(), *(p for way in ways.values() for p in way)]
    columns = 1 + max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    size = 1.55 * columns + 0.2, 0.95 * (high - low + 1) + 0.2
    figure, axes = plt.subplots(figsize=size)
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(high + 0.5, low - 0.5))
    axes.axis("off")
    listed = []
    for node, (x, y) in place.items():
        name = called.get(node)
        lines = [f"value {short(node.data)}", f"gradient {short(node.grad)}"]
        axes.add_patch(
            plt.Rectangle(
                (x - HALF, y - 0.32),
                2 * HALF,
                0.64,
                facecolor="white",
                edgecolor=GRADIENT if node.grad else QUIET,
                lw=1.5,
                zorder=3,
            )
        )
        text = "\n".join(lines)
        if name:
            axes.text(x, y - 0.2, name, **CENTRED, weight="bold", zorder=4)
            text = "\n" + text
        axes.text(x, y, text, **CENTRED, fontsize=9, zorder=4)
        listed.append(f"{name or 'a node'}: {', '.join(lines)}")
        for i, (source, slope) in enumerate(node.inputs):
            others = [s for s, _ in node.inputs].count(source) - 1
            bend = 0.16 * (2 * i - 1) if others else 0.0
            draw_arrow(axes, ways[node, i], short(slope), bend)
    show(
        figure,
        f"A graph of {count} nodes, from the leaves to the result, with a "
        f"slope on each arrow. {'; '.join(listed)}.",
    )


def short(number):
    """Three digits, and 0 for what is there by rounding alone."""
    return f"{number if abs(number) > 1e-12 else 0.0:.3g}"


def draw_arrow(axes, points, label, bend):
    """Through the points, straight past a node; two of a pair bend."""
    (x, y), *between, (x_end, y_end) = points
    x, x_end = x + HALF, x_end - HALF
    style = {"color": MODEL, "lw": 1.3}
    first = x_end, y_end
    if between:
        first = between[0][0] - HALF, between[0][1]
        way = [(x, y)]
        for at, height in between:
            way += [(at - HALF, height), (at + HALF, height)]
        axes.plot(*zip(*way, strict=True), **style)
        x, y = way[-1]
    axes.annotate(
        "",
        (x_end, y_end + bend),
        (x, y + bend),
        arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **style},
    )
    start = points[0][0] + HALF, points[0][1]
    middle = [(a + b) / 2 for a, b in zip(start, first, strict=True)]
    axes.text(
        middle[0],
        middle[1] + bend,
        label,
        **CENTRED,
        fontsize=9,
        color=GROUND,
        zorder=4,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )
