"""NeuroOps from Python: `Client(url, token)`, a method for every command and query, types for their fields in `neuroops.types`, heavy questions in `neuroops.parquet`."""
from . import types
from .api import Client
from .core import BulkCommand, CommandOptions, History, NeuroOpsError, Page, Problem, Receipt, Unreachable, WaitFor

__all__ = [
    "BulkCommand", "Client", "CommandOptions", "History", "NeuroOpsError", "Page", "Problem", "Receipt", "Unreachable", "WaitFor", "types",
]
