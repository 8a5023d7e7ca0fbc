"""Pictures of tracks and of gates over frames."""

from tpr.data.media.picture_writer import check_ending, encode_image
from tpr.drawing.tracks import DrawnTrack, headed, overlay, track_colour

__all__ = ["DrawnTrack", "check_ending", "encode_image", "headed", "overlay", "track_colour"]
