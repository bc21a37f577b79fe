"""One HTTP receiver for all kinds of notifications; the path says whose answer a sender gets."""

from __future__ import annotations

from http import HTTPStatus

from inferspect.testing.faults import Fault
from inferspect.testing.http_double import HttpDouble, json_reply
from inferspect.testing.upstream.exchange import Reply, Request

SLACK = "/services/"
PAGERDUTY = "/v2/enqueue"
TEAMS = "/teams/"


class NotificationSink(HttpDouble):
    """Receives what Slack, Teams, PagerDuty or any webhook would.

        with NotificationSink() as sink:
            sink.behave("error-500", requests=3)
            ...  # notify f"{sink.url}/services/T0/B0/x", say
            assert sink.messages("/services/")[-1]["text"] == "..."

    A path that begins with ``/services/`` answers as Slack does, ``/v2/enqueue`` as PagerDuty, ``/teams/`` as a
    workflow of Teams; any other with status 200 and an empty object.
    """

    def messages(self, path: str = "/") -> list[object]:
        """The JSON bodies of all requests to paths that begin so, those that were refused too, oldest first.

        Raises:
            ValueError: a body is not JSON.
        """
        return [request.json() for request in self.received if request.path.startswith(path)]

    def answer(self, request: Request, fault: Fault) -> Reply:  # noqa: ARG002  all of it was done
        path = request.target.partition("?")[0]
        if path.startswith(SLACK):
            return Reply(content_type="text/html", body=b"ok")
        if path.startswith(PAGERDUTY):
            accepted = {"status": "success", "message": "Event processed", "dedup_key": "sink"}
            return json_reply(accepted, HTTPStatus.ACCEPTED)
        if path.startswith(TEAMS):
            return Reply(status=HTTPStatus.ACCEPTED)
        return json_reply({})
