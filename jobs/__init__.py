"""Independent tasks on processes that may crash, hang or eat memory without harm to the rest.

A task is named by its factory, "module:function": the function gets a set-up once in each
process and returns a callable, which then gets one item after the other. What the callable's
attribute `hello` holds is told with every result; where its attribute `spent` becomes true,
the process is replaced. What comes back (results, hello) is data, as `jobs.data` describes it.
"""

from jobs.cluster import Cluster
from jobs.errors import JobsError
from jobs.folders import WorkingFolder
from jobs.pool import Done, Pool
from jobs.process import Process, Reply
from jobs.processes import process_count

__all__ = [
    "Cluster",
    "Done",
    "JobsError",
    "Pool",
    "Process",
    "Reply",
    "WorkingFolder",
    "process_count",
]
