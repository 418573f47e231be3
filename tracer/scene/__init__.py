"""(trace, cursor) as boxes, lines and Rich renderables. No Textual here."""
