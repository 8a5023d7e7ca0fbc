"""A trained model's computation for one frame as a graph for other programs: torch.export, ONNX."""
