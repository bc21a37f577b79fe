"""The simulator's endpoints that answer without a conversation: rerank and images."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import litellm
import pytest
from openai import OpenAI

from inferspect.testing.upstream import UpstreamSimulator


@pytest.fixture(scope="module")
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


def test_the_likest_document_comes_first(upstream: UpstreamSimulator) -> None:
    """LiteLLM's Cohere client reads the answer, with the documents where they were asked for."""
    answer = litellm.rerank(
        model="cohere/demo",
        query="red apple",
        documents=["blue sky", {"text": "a red apple"}, "red"],
        top_n=2,
        return_documents=True,
        api_base=upstream.url,
        api_key="none",
    )
    assert [result["index"] for result in answer.results] == [1, 2]
    assert answer.results[0]["document"]["text"] == "a red apple"


def test_documents_are_not_repeated_unasked(upstream: UpstreamSimulator) -> None:
    """Scores and places are the answer."""
    body = {"model": "demo", "query": "a", "documents": ["a"]}
    (result,) = httpx.post(f"{upstream.url}/v1/rerank", json=body).raise_for_status().json()["results"]
    assert result == {"index": 0, "relevance_score": 1.0}


def test_an_image_comes_with_a_revised_prompt(upstream: UpstreamSimulator) -> None:
    """A PNG, and the prompt in other words."""
    with OpenAI(base_url=f"{upstream.url}/v1", api_key="none") as client:
        answer = client.images.generate(model="demo", prompt="a cat", n=2)
    assert answer.data is not None
    assert [image.revised_prompt for image in answer.data] == ["A picture of a cat"] * 2
    assert base64.b64decode(answer.data[0].b64_json or "").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("path", "body", "parameter"),
    [
        ("/v2/rerank", {"documents": ["a"]}, "query"),
        ("/v2/rerank", {"query": "a", "documents": []}, "documents"),
        ("/v2/rerank", {"query": "a", "documents": [1]}, "documents"),
        ("/v1/images/generations", {}, "prompt"),
        ("/v1/images/generations", {"prompt": "a", "n": 0}, "n"),
    ],
)
def test_what_the_api_would_refuse_is_refused(
    upstream: UpstreamSimulator, path: str, body: dict[str, Any], parameter: str
) -> None:
    """A wrong request is told by its field."""
    response = httpx.post(upstream.url + path, json={"model": "demo", **body})
    assert (response.status_code, response.json()["error"]["param"]) == (httpx.codes.BAD_REQUEST, parameter)
