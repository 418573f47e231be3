"""The command line: parses, then imports the one command it needs. stdout is data, stderr is talk."""
