"""One file a widget. A widget draws what it is given; the screen or the app decides."""
