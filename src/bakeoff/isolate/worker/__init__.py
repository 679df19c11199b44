"""Foreign side, run by path inside a framework's environment: Python ≥ 3.10, standard library; arrays.py NumPy."""
