"""A trace's graph as coordinates: what is drawn (fold), and where (layered, route)."""
