"""Benchmarks: each module gives its figures as `rows()`."""
