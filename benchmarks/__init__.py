"""Workloads with recorded numbers and budgets, run on demand by `zhudai bench`, never by the test suite."""
