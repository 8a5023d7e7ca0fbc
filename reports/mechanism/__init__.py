"""What temporal modules do with their reference frame, from the probes in the records."""
