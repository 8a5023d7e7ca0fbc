"""A split of the generated world that moves, without degradations."""

from tpr.data.mini.settings import Motion, SplitSettings

MOTION = Motion(speed=48, pan=7, sway=8, growth=1.1, gait=0.5, crossing=0.15, aside=1.3)
MOVING = SplitSettings(99, severity=0, motion=MOTION)
