"""Cohere's rerank: `POST /v2/rerank`, where a document is the better the more words it has in common with the query."""

from __future__ import annotations

from .conversation import Json, new_id
from .reading import InvalidRequestError, positive_integer


def rerank(request: Json) -> Json:
    """The answer to a request for reranking; with `return_documents` it repeats them.

    Raises:
        InvalidRequestError: The API would refuse it.
    """
    query, documents = request.get("query"), request.get("documents")
    if not isinstance(query, str):
        raise InvalidRequestError("'query' must be a string.", "query")
    if not isinstance(documents, list) or not documents:
        raise InvalidRequestError("'documents' must be a list with at least one document.", "documents")
    texts = [_text(document) for document in documents]
    scores = [_likeness(query, text) for text in texts]
    best_first = sorted(range(len(texts)), key=lambda index: -scores[index])
    results = [
        {
            "index": index,
            "relevance_score": scores[index],
            **({"document": {"text": texts[index]}} if request.get("return_documents") else {}),
        }
        for index in best_first
    ]
    return {
        "id": new_id("rerank-"),
        "results": results[: positive_integer(request, "top_n")],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }


def _text(document: object) -> str:
    text = document.get("text") if isinstance(document, dict) else document
    if not isinstance(text, str):
        raise InvalidRequestError("A document must be a string or an object with 'text'.", "documents")
    return text


def _likeness(query: str, text: str) -> float:
    """Words in common by words in both (Jaccard's index)."""
    asked, told = set(query.lower().split()), set(text.lower().split())
    return len(asked & told) / (len(asked | told) or 1)
