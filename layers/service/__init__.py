"""Where people are served: halls, stations, windows."""
