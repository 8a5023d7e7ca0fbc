"""`./run_all.sh check-gpu`: whether a GPU computes, trains and performs as expected, in one call.

- check: what a check is
- bench: the networks and videos they work on
- checks: the checks themselves, in their order
- pretended: an imitation of a GPU, for machines without one
"""
