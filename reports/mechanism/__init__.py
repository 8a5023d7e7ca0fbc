"""What temporal modules do with their reference, from the probes in the records."""
