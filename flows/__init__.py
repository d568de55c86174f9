"""Prefect flows: the only place that knows Prefect."""

import os

# Settings that suit a tool run from a shell; what the user has set wins. Prefect reads them when
# it is first imported, hence here.
for _name, _value in {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # The first start makes the database, which takes half a minute on a slow machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}.items():
    os.environ.setdefault(_name, _value)
