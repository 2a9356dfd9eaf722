"""What a shop's answer says: bytes that are here already -> products, their texts and the addresses of their pictures.

`storefront.py` takes any answer, a page or JSON. Of a page, `page.py` makes elements, `declared.py` reads what it says
of its product and `extract.py` finds the gallery; `shopify.py` reads Shopify's JSON. `addresses.py` knows pictures by
their addresses, `text.py` makes plain text. Nothing is fetched here (that is `web/`), and no type is checked:
`listing.py` comes next.
"""
