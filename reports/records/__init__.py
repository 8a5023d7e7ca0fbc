"""The records of a profile's runs, and which of them may be compared."""
