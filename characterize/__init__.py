"""How it is simulated: plan, run in ngspice's child processes, measure, table."""

from characterize.errors import PlanError
from characterize.plan import Plan, Point, load_plan, plan_names
from characterize.run import Run, run_plan

__all__ = ["Plan", "PlanError", "Point", "Run", "load_plan", "plan_names", "run_plan"]
