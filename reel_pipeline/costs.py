"""What making something cost: kept beside records, never in one, as running time may change no content hash."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True)
class Cost:
    """What engine calls cost: seconds always, money by currency where there was any."""

    seconds: float = 0.0
    paid: Mapping[str, Decimal] = field(default_factory=dict)

    def __add__(self, other: Self) -> Self:
        currencies = {*self.paid, *other.paid}
        paid = {name: self.paid.get(name, Decimal()) + other.paid.get(name, Decimal()) for name in currencies}
        return replace(self, seconds=self.seconds + other.seconds, paid=paid)

    def since(self, before: Self) -> Self:
        """What was added to `before` to come to this."""
        paid = {name: amount - before.paid.get(name, Decimal()) for name, amount in self.paid.items()}
        return replace(self, seconds=self.seconds - before.seconds, paid={name: it for name, it in paid.items() if it})

    def as_json(self) -> dict[str, Any]:
        paid = {currency: str(amount) for currency, amount in sorted(self.paid.items())}
        return {"seconds": round(self.seconds, 2), "paid": paid}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(value["seconds"], {currency: Decimal(amount) for currency, amount in value["paid"].items()})
