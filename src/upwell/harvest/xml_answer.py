"""XML of a source over the network: known by its root, and never with entities of its own."""

from xml.etree.ElementTree import Element, ParseError, fromstring

from upwell.harvest.asking import PassingError


def root_of(body: bytes, name: str) -> Element:
    """The root of an answer.

    Parameters
    ----------
    body : the answer.
    name : of the root, as `{namespace}name`.

    Raises
    ------
    PassingError
        It is no XML, breaks off, or is something else, such as a page of a proxy.
    """
    start = body[:60].decode(errors="replace")
    if b"<!DOCTYPE" in body:  # its entities could blow up; no source's answers have one
        raise PassingError(f"the answer has a document type; it begins {start!r}")
    try:
        root = fromstring(body)  # noqa: S314 - no entities, see above
    except ParseError as error:
        raise PassingError(f"the answer is no XML ({error}); it begins {start!r}") from error
    if root.tag != name:
        raise PassingError(f"the answer is <{root.tag}>, not <{name}>")
    return root
