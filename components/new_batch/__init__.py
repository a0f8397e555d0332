"""The page on which a batch is made, step by step."""
