"""The rivals of MaskTrack's cues: ways to carry objects from frame to frame.

All take the same detections and need no training: `registry` names them. An online tracker has
`step(boxes, scores, classes, embeddings)` -> ids (N,), -1 for a detection that it drops, called
once a frame; an offline one is a function of the whole clip. They need numpy, scipy and torch.
"""
