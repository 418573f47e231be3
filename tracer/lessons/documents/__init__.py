"""A document of one's own: prose, code blocks that share a namespace, and comments that say where to stop."""
