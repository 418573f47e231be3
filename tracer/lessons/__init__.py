"""A lesson is a program and its stops; content is found, read and held to the trace here."""
