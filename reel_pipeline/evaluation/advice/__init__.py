"""The second opinion: a vision model is asked about what the judge would accept.

`second_opinion.py` asks and draws the conclusion, `pictures.py` makes what is shown, `engines/` has the models. Nothing
here looks into a video: the judge hands out pairs of aligned views. What the conclusion does to a verdict goes back to
the caller as a judgement, for `checks.py`.
"""
