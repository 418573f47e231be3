"""Words and proofs: what a moment in a trace means, and whether its numbers are right."""
