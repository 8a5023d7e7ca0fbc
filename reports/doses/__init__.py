"""Gain against dose: evaluations on dosed videos, gains over the baseline, slopes, a table."""
