"""The page of all batches."""
