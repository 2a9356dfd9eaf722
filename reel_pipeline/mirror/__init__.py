"""Released reels -> public files in a folder or bucket, and their withdrawal.

What may be public is decided in `rules/`; what lies in a folder is shown by `origin/`.
"""
