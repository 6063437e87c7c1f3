"""The checks of the exercises on fewer images."""
