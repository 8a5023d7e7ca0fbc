"""The temporal module's reference in control runs, in training and at test time.

A model with TPR merges the previous frame. The controls of the table "What carries the gain" change
only that frame, so that the rest of the gain shows what the previous frame contributed.
"""
