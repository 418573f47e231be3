"""Training a user's program: its entry, its data, the loop, and the process it runs in, which sends reports."""
