"""What must be set before scipy is imported."""

import os

# Without it scikit-learn skips its checks of array API input.
os.environ["SCIPY_ARRAY_API"] = "1"
