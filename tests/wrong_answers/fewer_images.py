"""What learners really write in the exercises on fewer images."""

WRONG = {}
