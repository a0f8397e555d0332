"""The pieces of the page of Knowledge Graphs."""
