"""The command `python -m tpr.checkpoint`: public checkpoints, and weights of ours from them.

`list` names those that profile `full` starts from, `verify FILE...` says what a file is, and
`convert FILE` makes weights of ours from it. Imported, this is tpr.weights.checkpoint, which once
had this name.
"""

import sys

from tpr.extras import needed_packages

with needed_packages(__name__):
    from tpr.weights import checkpoint, checkpoint_command

if __name__ == "__main__":
    sys.exit(checkpoint_command.main())

sys.modules[__name__] = checkpoint
