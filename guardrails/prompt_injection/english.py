"""What is said in English to take over a model. :mod:`guardrails.scanning.phrases` tells how phrases are written.

A score of .7 or more is enough by itself in what a user wrote. From .4 on it is enough in what came from a tool or a
document, where nobody has reason to speak to the model.
"""

from __future__ import annotations

SETS = {
    "rules": "instruction|instructions|directive|directives|direction|directions|guideline|guidelines|rule|rules"
    "|prompt|prompts|system prompt|system message|system messages|programming|restrictions|safeguards|constraints"
    "|policies|content policy|commands|orders|training|safety guidelines|safety rules|moral guidelines|ethics",
    "limits": "rules|restrictions|filters|filter|guidelines|policies|safety|ethics|safeguards|guardrails|moderation"
    "|safety guidelines|content policy|ethical constraints|ethical guidelines|moral guidelines|safety settings"
    "|safety filters|content filters|content filter|safety rules|safety features|safety protocols|programming",
    "limit_word": "restrictions|limits|limitations|filter|filters|guidelines|rules|ethics|morals|constraints|boundaries"
    "|censorship|safeguards|policies",
    "earlier": "previous|prior|earlier|above|preceding|foregoing|existing|original|initial|system|former|past",
    "assistant": "assistant|ai|chatbot|llm|agent|language model|ai assistant|ai model|ai agent|ai agents|llms|bot"
    "|large language model|gpt|chatgpt|claude|gemini|copilot|ai assistants|ai system|ai systems|model",
    "show": "reveal|show|print|repeat|output|display|tell|give|leak|dump|translate|recite|disclose|expose|share|copy"
    "|summarize|summarise|write out|write down|type out|paste|return|list|quote|spell out|encode|paraphrase",
    "send": "send|forward|post|email|e-mail|upload|exfiltrate|transmit|share|output|include|leak|read|mail|submit",
}

PHRASES: dict[str, tuple[tuple[float, str], ...]] = {
    "INJECTION_OVERRIDE": (
        (0.85, """
            ignore+|disregard+|forget+|override+|bypass+|neglect! ?all ?any ?of ?the ?your ?my ?these {earlier} * \
              {rules}
            ignore+|disregard+|forget+|override+|bypass+! ?all|every|the|any ?of ?the {rules} ?you \
              above|before|given|were
            ignore|disregard|forget! ?all ?any ?of your ?own ?safety {rules}, ignores! all rules|instructions
            ignore|disregard|forget! everything|anything|all ?that|you ?is|was|were above|before|prior|told|said
            ignore|disregard|forget! ?the|all above ?{rules} and
            override|bypass|disable|deactivate|circumvent! ?all ?of your ?own ?current ?built-in {limits}
        """),
        (0.8, """
            your new|updated|real|true instructions|directives|orders! are, do not abide!, not|longer have to abide! by
            system|your prompt! has|have been updated|overridden|replaced|changed|reset, system override!
            previous|prior|old|earlier|original rules|instructions|guidelines|policies * void|obsolete|revoked!
            don't|dont|not|never follow|obey! ?any ?of ?your {earlier} {rules}
            stop|cease! following|obeying ?any ?of ?your {earlier} {rules}
            rules|instructions|guidelines|restrictions! ?above ?do no longer|not apply
            set aside! ?all ?whatever ?any ?every your|rules|instructions|guidelines
            erase|discard|scrap|drop! ?all ?of the|your|any ?{earlier} {rules} ?you
            switch|turn|turned off ?the ?your ?all ?any safety! ?layer ?filter ?filters ?mode ?checks
            freed|liberated! from, free from * openai|anthropic! s policies|rules|control|restrictions
        """),
        (0.6, """
            new|one|first rule|directive! whatever|always|never|from|you, previous|original|prior task! is|was
            ignore|disregard|forget! ?the|user ?user ?s intent|question|request|query|task
            if you are|re ?a ?an ?the ?large assistant|ai|chatbot|llm|gpt|chatgpt|copilot|language! ?model \
              ?assistant ?agent
            ai|llm|llms|assistants ?agents|models|assistants \
              reading|processing|parsing|summarizing|summarising|visiting! this
        """),
        (0.55, """
            do not|don't|dont|never|without tell|inform|alert|notify|warn|telling! the user about|that|anything|this|of
            summarizing|summarising|summarise|summarize! ?this ?the ?document|page|article|text|email|review \
              also|append|add|include|tell
            stop! summarizing|summarising|translating, authorized|authorised! you to
        """),
        (0.45, """
            note|attention|dear|instruction|instructions|reminder! ?to ?for ?the ?any ?all {assistant}
            hidden! message|messages|instruction|instructions for|to
            whichever|any|every ai|llm|bot ?that processes! this
            assistant|chatbot|llm|ai! ?model please|must|should ?not \
              call|run|read|send|do|output|mention|ignore|recommend|add
            assistant|chatbot|llm|ai! please|when|do|you must|not|you|stop|ignore|reply|respond
            llm|ai|assistant|chatbot instructions|instruction!, your new task! is, ignore|abandon! your ?current task
            to|for the assistant|agent|llm|chatbot! the|call|you|please|run, rank! this|me cv|resume|candidate|page
        """),
    ),
    "INJECTION_PERSONA": (
        (0.85, """
            do anything! now, jailbreak|jailbroken! mode|on|enabled|yourself
            unrestricted|unfiltered|uncensored|amoral! ai|assistant|chatbot|bot|model|mode
        """),
        (0.75, """
            you|ai|chatbot|assistant|bot|respond|answer|act … without|no ?any ?safety ?ethical ?moral ?content \
              {limit_word}!
            you|ai|chatbot|assistant|bot … free|freed from * {limit_word}!
            act|pretend|roleplay|behave … evil|amoral|unethical!
            no matter how illegal|harmful|unethical|dangerous|offensive|immoral!
            zero restrictions|limits|filters|rules!
            you|ai|assistant … without|no ?any content policy!
            with|has|have no ethical|moral|safety|content restrictions|limits|filters|limitations|rules!
            unrestricted|unfiltered|uncensored! answer|answers|response|responses|version|persona|reply
        """),
        (0.6, """
            never|not refuse|refuses|decline|declines|censor!
            start|begin ?your ?answer|response|reply with sure!, stop! being an|a assistant|ai|chatbot
        """),
        (0.3, """
            developer|god|sudo! mode, pretend|imagine|roleplay! ?that you are|to|you're ?be, simulate! an ai
            hypothetically! you
        """),
    ),
    "INJECTION_EXTRACTION": (
        (0.8, """
            {show} ?me ?us … your|hidden|initial|system|confidential|secret|original ?system ?initial \
              prompt|prompts|instructions|preprompt!
            translate|reveal|recite|disclose|dump|leak|expose|divulge! your ?entire ?full ?system ?initial \
              message|prompt|configuration|settings|instructions|guidelines
        """),
        (0.75, """
            what|which is|are|were|was your|the ?exact ?full initial|system|hidden|original|secret prompt|instructions!
            words|lines|sentences|characters|paragraph of ?your ?the ?system prompt|instructions!
            {show} ?all ?the text|words|everything|content|contents|messages|lines above! \
              word|verbatim|exactly|starting|beginning|including
            everything|anything! ?that ?which ?comes ?came ?is before|above|precedes ?to this|the|my \
              message|conversation|prompt|line
            everything! ?that ?was ?written above|before verbatim|word|starting
            {show} … confidential|secret|hidden instructions|prompt|guidelines!
        """),
        (0.45, "{show} ?all ?the text|words|everything|content|messages above!, everything! before|above this"),
        (0.4, """
            reveal|disclose|leak|divulge! ?the ?your ?a ?any secret|admin|confidential|private|hidden
            admin|root|secret token!
        """),
        (0.3, "verbatim, word! for word"),
    ),
    "INJECTION_EXFILTRATION": (
        (0.75, """
            send|forward|upload|exfiltrate|transmit|leak! ?the ?whole ?entire ?full|all|this|our|above \
              conversation|chat|context|history
        """),
        (0.6, """
            {send} … user s|users ?api inbox|password|passwords|credentials|secrets|mailbox!
            {send} ?the contents! of ?the ?this ?user ?s ?our ?all previous|user|conversation|chat|inbox|files|messages
            two factor! code|authentication
            {send} ?me ?us ?your api|private|ssh credentials!
            share|include|send … password|passwords! in|into ?the url|link|answer
        """),
        (0.45, """
            append|insert! ?the ?this ?a ?following link|url|image|text
            add|include * link|hyperlink! to|in|into your|the|every
            silently! add|send|call|include|run|forward, urge|instruct! the user to
        """),
    ),
    "INJECTION_HIDDEN": (
        (0.75, """
            decode|decrypt|decipher! ?it|this|the|following * and|then ?exactly \
              do|follow|execute|obey|act|perform|run|comply
        """),
        (0.4, "base64|rot13|hex|morse! ?encoded ?string instruction|instructions|command|commands"),
    ),
}  # fmt: skip

SOFTENED_BY = (
    r"\b(?:phrases?|for example|such as|e\.g|attacks?|attackers?|injections?|jailbreaks|detect\w*|prevent\w*"
    r"|defen[dsc]\w*"
    r"|mitigat\w*|protect\w*|explain (?:what|why)|what does|meaning|means|users who|users? (?:try|trying|tries)"
    r"|classifier|owasp|red.team\w*|novel|story)\b"
)
