"""JSON of a source over the network."""

import json

from upwell.harvest.asking import PassingError


def json_of(body: bytes) -> object:
    """What an answer says.

    Raises
    ------
    PassingError
        It is no JSON or breaks off, as a page of a proxy does.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:60].decode(errors="replace")
        raise PassingError(f"the answer is no JSON ({error}); it begins {start!r}") from error
