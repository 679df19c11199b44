"""What holds for every test: NumPy's BLAS gets one thread, before NumPy is imported.

Its idle threads spin. With anything else running on two cores, tests of small arrays took five times as long.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
