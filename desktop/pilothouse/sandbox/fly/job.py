"""Machines that run one command and end, such as a release command.

The sandbox runs no command of anybody: how a job ends is read from its words and its image.
"""

from __future__ import annotations

import re

from pilothouse.sandbox.fly.state import Config, Machine
from pilothouse.sandbox.workload import Behaviour

JOB_S = 2.0
_JOB_GROUPS = frozenset({"fly_app_release_command", "fly_app_test_machine_command"})


def is_job(config: Config) -> bool:
    """Whether a configuration describes a command that ends by itself."""
    metadata = config.get("metadata") or {}
    env = config.get("env") or {}
    in_job_group = metadata.get("fly_process_group") in _JOB_GROUPS
    return in_job_group or str(env.get("RELEASE_COMMAND", "")) == "1"


def exit_code(machine: Machine, behaviour: Behaviour) -> int:
    """Return how a job ends: `exit N` and `false` are obeyed, a `:crash` image fails."""
    init = machine.config.get("init") or {}
    words = " ".join(str(word) for word in (init.get("cmd") or init.get("exec") or []))
    named = re.search(r"\bexit (\d+)", words)
    if named:
        return int(named[1])
    return 1 if behaviour is Behaviour.CRASH or re.search(r"\bfalse\b", words) else 0
