"""The command line's options and everything that is printed on the terminal."""
