"""The page of one batch."""
