"""How a shop's servers are asked: nothing but public addresses, within bounds, politely, and never twice for one thing.

`safety.py` says which addresses may be connected to, `transport.py` sends one request to a checked address, `turns.py`
lets one at a time through, and `manners.py` is what the rest of the catalogue asks: robots.txt, pauses, redirects, and
what is held from the last visit. What an answer says is for `pages/`, which comes next.
"""
