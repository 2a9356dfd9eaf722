"""The one partitioning: a sellable look per partition key, added by `sync_catalog`."""

import dagster as dg

SKUS = dg.DynamicPartitionsDefinition(name="sku")
