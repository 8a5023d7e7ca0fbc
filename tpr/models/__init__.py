"""Video instance segmentation models that TPR plugs into."""
