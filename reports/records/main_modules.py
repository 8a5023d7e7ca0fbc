"""The runs that a page speaks of first, by what their names add to the image model's."""

TPR, DACR, MERGE = "+tpr", "+dacr", "+merge"
MAIN = (TPR, DACR, MERGE)  # the module, its larger part, and merging alone
