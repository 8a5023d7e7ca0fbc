"""One frame's step of a trained model as a graph for other programs: torch.export, ONNX."""
