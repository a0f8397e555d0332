"""Pieces of a screen: values in, intents out; no input or output of their own."""
