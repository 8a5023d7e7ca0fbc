"""What AP is lost to: kinds of errors, each corrected alone."""
