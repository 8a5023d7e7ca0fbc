"""What the report's rules for claims do in the long run, on made-up pages whose truth is known.

`python -m benchmarks.gain_statistics` prints the tables of docs/report.md.
"""
