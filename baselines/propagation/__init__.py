"""Rivals that carry masks instead of associating detections: what OSMN, FEELVOS and MaskProp do.

They see frames, features and motion besides the detections of `baselines.tracking`, run with the
weights of any model and need no training: `registry` names them. One has `step(view)`, called once
a frame, which returns the tracks that the frame shows, as `tpr.inference.playback.Seen`.
"""
