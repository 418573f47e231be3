"""A user's program in a process of its own: started safely, drained, stopped; and its lines told from ours."""
