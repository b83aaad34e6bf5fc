"""Examples of documents."""

_ID = "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b10"
_AT = "2026-03-01T12:00:00+00:00"
DOCUMENT_BODY = {
    "name": "handbook/leave.md",
    "collection": "handbook",
    "text": "# Leave\n\nEverybody has 30 days a year. Ask two weeks ahead.\n",
    "media_type": "text/markdown",
    "metadata": {"language": "en"},
}
DOCUMENT = {
    "id": _ID,
    "name": "handbook/leave.md",
    "collection": "handbook",
    "title": None,
    "media_type": "text/markdown",
    "characters": 56,
    "passages": 1,
    "metadata": {"language": "en"},
    "author": "pdr_1234567890",
    "created_at": _AT,
    "updated_at": _AT,
}
STORED = {**DOCUMENT, "change": "created"}
WHOLE = {**DOCUMENT, "text": "# Leave\n\nEverybody has 30 days a year. Ask two weeks ahead.\n"}
DOCUMENTS = {"data": [DOCUMENT], "next_cursor": None}
SEARCH_BODY = {"query": "How much holiday do I get?", "collection": "handbook", "limit": 5}
FOUND = {
    "data": [
        {
            "document_id": _ID,
            "name": "handbook/leave.md",
            "collection": "handbook",
            "title": None,
            "heading": "Leave",
            "position": 0,
            "start": 0,
            "text": "# Leave\n\nEverybody has 30 days a year. Ask two weeks ahead.\n",
            "score": 0.5,
            "ways": ["meaning"],
        }
    ],
    "ways": ["words", "meaning"],
}
