"""One file an asset: what Dagster shows of it, one call into its room, and its checks below it.

How a record is made belongs in the rooms, what is reused in `rules/`, the form that Dagster keeps in `adapter.py`.
"""
