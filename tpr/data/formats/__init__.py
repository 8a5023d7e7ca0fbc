"""Other programs' annotation formats, one a file, read into records of the YouTube-VIS kind."""
