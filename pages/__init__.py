"""One script per screen; parts of a screen that reach the desk stand beside it."""
