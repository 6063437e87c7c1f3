"""What the notebooks of "Inside BigModel" share."""
