"""The rivals of Tables 1(c) and 1(d): temporal modules with TPR's interface.

`baselines.registry` builds them from a manifest's options; the modules themselves take modules and
numbers, need torch and torchvision only, and can be used alone.
"""
