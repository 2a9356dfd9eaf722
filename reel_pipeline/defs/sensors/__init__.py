"""What happens when something has changed, without anyone asking. What a product needs is asked of `rules/`.

What happens by the clock is in `schedules.py`.
"""
