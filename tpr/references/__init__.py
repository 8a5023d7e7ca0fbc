"""What a temporal module gets as reference, in training and at test time, where a run is a control.

A model with TPR merges the previous frame. The controls of the table "What carries the gain" change
nothing but that frame, so that what is left of the gain tells what the frame brought.
"""
