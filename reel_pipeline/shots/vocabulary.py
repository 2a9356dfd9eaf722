"""Words that a reel doesn't speak, one table per reason.

They are matched at word boundaries, whatever the case. Which goods are restricted is in `suitability.py`.
"""

import re

CLAIMS_THAT_NEED_PROOF = {
    "health": r"cures?|heals?|healing|clinically|medically|dermatolog\w+|doctor[- ]recommended|miracle|detox\w*"
    r"|weight[- ]loss|lose weight|slimming|immunity|immune|relieves?|anti-?age?ing|antibacterial|hypoallergenic"
    r"|treats? (?:acne|pain|anxiety|\w+ disease)|prevents?|fda",
    "safety": r"risk[- ]free|(?:100 ?%|completely|totally) safe|side effects|chemical[- ]free|non-?toxic|unbreakable"
    r"|indestructible",
    "proof": r"scientifically|proven|guarantee[ds]?|award\w*|life-?time|forever",
    "environment": r"eco-?friendly|sustainabl\w+|carbon[- ]neutral|climate[- ]neutral|biodegradable",
    "superlative": r"number one|no\. ?1|best|finest|greatest|ultimate|unbeatable|unrivall?ed|unmatched|world'?s"
    r"|world[- ]class|perfect|flawless|premium|luxur\w+|amazing|incredible|stunning|revolutionary|best-?sell\w+"
    r"|must-have|cheap\w*",
}
"""A platform or a court asks for proof of these, which a description is not."""
RISKY = re.compile(rf"\b(?:{'|'.join(CLAIMS_THAT_NEED_PROOF.values())})\b|#\s?1\b", re.I)

SHOP_TALK_WORDS = {
    "offer": r"price[ds]?|sale|discount\w*|offer|deal|coupon|voucher|rrp|msrp|save \d+|\d+ ?% off",
    "stock": r"in stock|out of stock|sold out|stock|only \d+ left|pre-?order|back-?order|limited",
    "service": r"shipping|ships?|deliver\w*|returns?|refund\w*|warranty|order|buy|shop|checkout|cart"
    r"|customers?|reviews?",
    "page": r"click|visit|subscribe|follow|sign up|please|contact|javascript|cookies?|lorem|ipsum|sku|barcode|ean|upc",
    "fit": r"size (?:guide|chart)|model (?:is|wears|wearing)",
}
"""Talk about the shop, the offer or the page instead of the product."""
SHOP_TALK = re.compile(rf"\b(?:{'|'.join(SHOP_TALK_WORDS.values())})\b", re.I)

PRICE = re.compile(
    r"[$€£¥₹₽]|\b(?:usd|eur|gbp|chf|aud|cad|jpy|cny|inr)\b|\b\d+[.,]\d{2}\s?(?:kr|zł|lei|лв|руб)\b"
    r"|\b\d+ (?:dollars|euros?|pounds)\b",
    re.I,
)

NEGATION = re.compile(
    r"(?:\b(?:not?|non|never|without|isn't|aren't|free of|lacks?)\W+(?:an?\W+|the\W+)?|\bnon-)$", re.I
)
"""At the end of what stands before a phrase, this denies it."""
