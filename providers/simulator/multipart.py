"""Reading a form with files, as the clients send it."""

import re

_NAME = re.compile(rb'name="([^"]*)"')
_FILE_NAME = re.compile(rb'filename="([^"]*)"')


def read_form(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """The fields by name, each with its file's name (empty where it is none). Raises ValueError for what is no such form."""
    _, found, boundary = content_type.partition("boundary=")
    if not found:
        raise ValueError("the content type has no boundary")
    fields: dict[str, tuple[str, bytes]] = {}
    for piece in body.split(b"--" + boundary.strip('"').encode())[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name, file_name = _NAME.search(head), _FILE_NAME.search(head)
        if name is not None:
            fields[name[1].decode()] = (file_name[1].decode() if file_name else "", content.removesuffix(b"\r\n"))
    return fields
