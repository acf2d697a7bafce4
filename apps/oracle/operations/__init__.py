"""Everything that changes what is known of prices, and whom they are asked of."""

from apps.oracle.operations.loading import BadSourcesFile, SourcesExist, load_sources
from apps.oracle.operations.observing import NotNewer, record
from apps.oracle.operations.proposing import (
    AlreadyProposed,
    BadSource,
    NoReason,
    NothingChanges,
    SourceNotFound,
    apply_source,
    propose_source,
    propose_switch,
)
from apps.oracle.operations.pruning import prune

__all__ = [
    "AlreadyProposed",
    "BadSource",
    "BadSourcesFile",
    "NoReason",
    "NotNewer",
    "NothingChanges",
    "SourceNotFound",
    "SourcesExist",
    "apply_source",
    "load_sources",
    "propose_source",
    "propose_switch",
    "prune",
    "record",
]
