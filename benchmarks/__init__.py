"""Ratios of timings, one JSON object a line: `python -m benchmarks.NAME`."""

from tpr.extras import tell_missing_packages

tell_missing_packages()
