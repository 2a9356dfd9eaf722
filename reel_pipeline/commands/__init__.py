"""What each command does, one function a command: `options` in, an exit code out.

`cli.py` parses; rules, jobs and rooms do the work. Dagster is asked through `defs/` alone.
"""
