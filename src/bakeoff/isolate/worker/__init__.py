"""Foreign side: runs inside a framework's environment, started by path. Python ≥ 3.10, standard library; arrays.py NumPy."""
