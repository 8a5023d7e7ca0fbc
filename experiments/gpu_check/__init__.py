"""`./run_all.sh check-gpu`: what the first person with a GPU wants to know, in one call.

- check: what a check is
- bench: the networks and videos they work on
- checks: the checks themselves, in their order
- pretended: a GPU that is only pretended, for machines without one
"""
