"""`python -m experiments`, the suite's command line, as ./run_all.sh calls it.

Ctrl-C while Python is still loading it ends it as it ends any program, without a traceback.
"""

import signal
import sys

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from experiments.cli import main

sys.exit(main())
