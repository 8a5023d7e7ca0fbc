"""Kinds of errors, and the AP lost to each: what AP would gain if all errors of that kind were
corrected."""
