"""Right answers that are easily refused, on One model, four tools."""

RIGHT = {
    "mean_of_squares": {
        "a loop and plain numbers": (
            "def mean_of_squares(x):\n"
            "    return sum(value**2 for value in x.tolist()) / len(x)\n"
        ),
        "a product of vectors": lambda x: x @ x / len(x),
        "one number in brackets": lambda x: [x.square().mean()],
    },
}
