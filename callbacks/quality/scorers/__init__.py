"""The gateway's own scorers."""

from callbacks.quality.scorers.avoided import AvoidedAnswer
from callbacks.quality.scorers.figures import PiiFound, ResponseTime, TextLength, TokenEfficiency
from callbacks.quality.scorers.grounded import GroundedInContext
from callbacks.quality.scorers.json_validity import JsonValidity
from callbacks.quality.scorers.language import Language, ReadingEase, Sentiment
from callbacks.quality.scorers.profanity import Profanity
from callbacks.quality.scorers.relevance import Relevance
from inferspect.observation.scorer import Scorer

OWN: tuple[type[Scorer], ...] = (
    Relevance,
    GroundedInContext,
    AvoidedAnswer,
    Profanity,
    Sentiment,
    ReadingEase,
    Language,
    TextLength,
    PiiFound,
    TokenEfficiency,
    ResponseTime,
    JsonValidity,
)

__all__ = ["OWN"]
