"""Ratios of timings, one JSON object a line: `python -m benchmarks.NAME`."""
