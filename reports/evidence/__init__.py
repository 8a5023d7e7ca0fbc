"""All that is known of a profile, loaded and computed once."""
