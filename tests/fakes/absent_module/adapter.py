"""Imports a module that is not installed."""

import bakeoff_no_such_module  # noqa: F401
