"""What learners really write in the exercises on One model, four tools."""

WRONG = {
    "mean_of_squares": {
        "the sum of the squares": lambda x: x.square().sum(),
        "the mean of the values": lambda x: x.mean(),
        "the square of the mean": lambda x: x.mean() ** 2,
        "the root of it": lambda x: x.square().mean().sqrt(),
        "square each value, then take": lambda x: x.square().max(),
    },
}
