"""What outlives the sandbox's process: jobs, files, and Knowledge Graphs, in an SQLite file."""
