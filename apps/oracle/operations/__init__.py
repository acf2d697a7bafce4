"""Everything that changes what is known of prices, and whom they are asked of."""

from apps.oracle.operations.loading import BadSourcesFile, SourcesExist, load_sources
from apps.oracle.operations.observing import NotNewer, record
from apps.oracle.operations.proposing import (
    BadSource,
    SourceNotFound,
    apply_source,
    propose_source,
    propose_switch,
)
from apps.oracle.operations.pruning import prune

__all__ = [
    "BadSource",
    "BadSourcesFile",
    "NotNewer",
    "SourceNotFound",
    "SourcesExist",
    "apply_source",
    "load_sources",
    "propose_source",
    "propose_switch",
    "prune",
    "record",
]
