"""What is looked for in English. How phrases are written is told in :mod:`guardrails.scanning.phrases`.

A score of .8 or more means that there is hardly another reading; .5 and .6 that most uses are meant so; .4 that the
words alone prove nothing, and only a tenant who lowers the threshold wants to know. Words that name a thing and are
common in news, medicine or programming stand in phrases, never alone.
"""

from __future__ import annotations

from guardrails.content_safety.disguised import Disguisable

SETS = {
    "how": "how to|how do i|how do you|how do we|how can i|how can you|how can we|how could i|how would i|how would you"
    "|how i can|how one can|steps to|way to|ways to|guide to|guide for|tutorial on|tutorial for|tutorial to"
    "|instructions for|instructions to|instructions on|recipe for|teach me to|help me|help me to|i want to|we want to"
    "|i need to|show me to|explain to me",
    "make": "make|making|build|building|construct|constructing|assemble|assembling|create|creating|manufacture"
    "|manufacturing|prepare|preparing|produce|producing|synthesize|synthesise|synthesizing|cook|cooking|detonate"
    "|detonating|plant|planting|set off|rig|rigging|extract|extracting|brew|brewing|weaponize|weaponise",
    "buy": "buy|buying|order|ordering|purchase|purchasing|score|sell|selling|get|obtain|smuggle|smuggling|deal|dealing"
    "|import",
    "you": "you|u|ya|yourself|urself|y'all|your family|your kids|your mother|your mom|your children",
    "you_are": "you are|you're|youre|ur|u r|you|your",
    "kin": "wife|husband|girlfriend|boyfriend|boss|neighbor|neighbour|coworker|colleague|teacher|mother|father|mom|dad"
    "|brother|sister|son|daughter|parents|roommate|ex|classmate|classmates|landlord|stepfather|stepmother",
    "person": "someone|somebody|anyone|people|a person|a man|a woman|a child|a kid|children|kids|a human|humans|a cop"
    "|cops|a politician|the president|him|her|them|everyone|everybody|a girl|a boy|a baby|a stranger",
    "groups": "jews|muslims|christians|hindus|blacks|black people|whites|white people|arabs|asians|mexicans|africans"
    "|gays|gay people|homosexuals|lesbians|transgenders|trans people|immigrants|migrants|refugees|gypsies|roma"
    "|women|foreigners|infidels|disabled people|the disabled|chinese people|indians|latinos|natives|vietnamese people",
    "minor": "child|children|kid|kids|minor|minors|underage|preteen|preteens|toddler|toddlers|infant|infants|baby"
    "|kiddie|little girl|little girls|little boy|little boys|schoolgirl|schoolgirls|year old|year old girl"
    "|year old boy|young girl|young girls|young boy|young boys",
    "drug": "meth|methamphetamine|crystal meth|cocaine|crack cocaine|heroin|fentanyl|mdma|ecstasy|lsd|ketamine|ghb"
    "|amphetamine|amphetamines|speed pills|opium|carfentanil|rohypnol|roofies",
    "account": "account|accounts|facebook|instagram|gmail|email|e-mail|whatsapp|snapchat|phone|iphone|wifi|wi-fi|webcam"
    "|bank|bank account|database|computer|laptop|icloud|router|website|server|crypto wallet",
}
SETS["person"] += "".join(f"|my {one}" for one in SETS["kin"].split("|"))
SETS["drug_word"] = "|".join(word for word in SETS["drug"].split("|") if " " not in word)

PHRASES: dict[str, tuple[tuple[float, str], ...]] = {
    "CONTENT_HATE": (
        (0.9, """
            sandnigger|sandniggers|wetback|wetbacks|towelhead|towelheads|raghead|ragheads|porchmonkey|jigaboo
            jigaboos|pickaninny|beaner|beaners|chinaman|untermensch|subhumans
            sieg! heil, heil! hitler, death! to ?all {groups}, white! power forever, gas! the {groups}
            exterminate+|eradicate+|annihilate+|lynch+|genocide+! all|every|the|these|those ?of ?the {groups}
            kill+|murder+|hang+|shoot+|behead+! all|every|the|these|those ?of ?the {groups}
            {groups} are * subhuman|vermin|parasites|scum|filth|cockroaches|savages|degenerates|abominations!
            {groups} should|must|deserve * die|exterminated|deported|gassed|sterilized|sterilised|lynched|enslaved!
            {groups} * inferior! race|people|beings, {groups} * inferior! to whites|men
        """),
        (0.8, """
            wipe! out all|the|every ?of ?the {groups}, {groups} * inferior!, mongrel! race|races
            race traitor|traitors!
        """),
        (0.7, """
            hate+|despise+|loathe+! ?all ?the ?those ?these ?fucking {groups}
            gook|gooks|shemale|shemales|faggy|tranny|trannies|spic|spics|darkie|darkies|golliwog|halfbreed
            dirty|filthy|stinking|goddamn|fucking jews|jew|muslims|muslim|arabs|arab|mexicans|immigrants|foreigners!
        """),
        (0.6, "chink|chinks|fag|fags|coons|1488|jewed, go back to your * shithole! country"),
        (0.4, "ethnic! cleansing, master! race, great replacement! theory, coon, dyke, dykes"),
    ),
    "CONTENT_HARASSMENT": (
        (0.9, """
            kill+|hang+|shoot+|stab+|drown+! yourself|urself|yourselves, kys
            i|we ?will|'ll|shall ?am|are|'m|'re ?going ?to|gonna kill|murder|rape|stab|strangle|shoot|butcher|gut! {you}
            i'll|i'm|we'll|imma|ima|gonna * kill|murder|rape|stab|strangle|shoot|butcher|gut! {you}
            hope you die|rot|suffer|burn!, hope you get raped|murdered|killed|cancer|stabbed|shot!
            die! in a fire, nobody would miss! you
        """),
        (0.8, """
            worthless|useless|pathetic|disgusting|stupid|ugly! piece|pieces of shit|garbage|trash|crap|filth
            you deserve to die|suffer|rot!, you should die|rot|hang!, cut+|slit+|slash+! your throat
            i|we|'ll|will * beat|smash|break! your face|skull|legs|head|teeth in
        """),
        (0.7, """
            i know where you live!, go die!, you're|youre|ur dead! meat, retards, fucktard, libtard, libtards
            find you and hurt|kill|beat!, shut! the fuck|hell up
        """),
        (0.6, """
            {you_are} * idiot|moron|imbecile|retard|retarded|loser|dumbass|cretin|halfwit|scum!
            {you_are} ?so ?such ?a ?an ?just worthless|pathetic|disgusting|repulsive|hideous!
            i ?will|'ll ?am|'m|going|gonna ?to kill|murder|rape|strangle! him|her|them, stfu, retard
        """),
        (0.5, """
            {you_are} ?so ?such ?a ?an ?fucking stupid|ugly|dumb|braindead|fat!
            your mother|mom * whore|slut|hooker!, drop! dead, nobody likes! you
        """),
        (0.4, "idiot+, moron+, imbecile+, dumbass, dumbasses, scumbag+, watch! your back"),
    ),
    "CONTENT_VIOLENCE": (
        (0.9, """
            {how} * kill|murder|poison|strangle|suffocate|stab|assassinate|torture|behead|drown|dismember! {person}
            kill+|murder+|poison+|strangle+|stab+|torture+|dismember+! {person} * without * \
              caught|trace|evidence|suspicion
            get+ away with murder!, shoot+|blow+|bomb+! ?up ?a ?the ?my ?our ?this school|church|mosque|synagogue|temple
            commit+|plan+|planning|carry|carrying * massacre|genocide|beheading!
            plan+|planning * mass|school|church shooting! ?at
        """),
        (0.8, """
            plan+|planning|going|gonna|want to * kill|murder|assassinate|strangle|poison|stab! {person}
            blow+! up a|the|an|my|this plane|airplane|building|train|bus|hospital|embassy|airport|bridge|mall|stadium
            burn+|hang+|shoot+|slaughter+|massacre+! them all|alive, kill! them all, burn+! {person} alive
            hire|find|need|for * hitman|assassin!, dispose of * corpse!, dissolve|hide * corpse!
        """),
        (0.6, """
            shoot|stab|strangle|murder|beat! my {kin}, kill my {kin}, beat+! ?up my {kin}
            mass|school shooting! plan|plans|manifesto, snuff! film|video|movie
        """),
        (0.4, """
            kill+|murder+|stab+|strangle+|torture+|behead+! {person}, massacre+, bloodbath, beheading, beheadings
            school|mass shooting|shootings!
        """),
    ),
    "CONTENT_SEXUAL": (
        (0.95, """
            {minor}|teen|teens|teenage * porn|porno|pornography|erotica|nudes|smut|hentai!, lolicon, shotacon
            nude|nudes|naked|erotic|sexy|topless|sexualized|sexualised! … {minor}
            sexual|sexually! ?explicit ?story|content|act|acts|scene|roleplay|photos|images|relations * \
              with|of|about|between|involving * {minor}
            sex! with|between * {minor}, molest+|groom+|seduce+! ?a|an|the|my|your|little ?little {minor}
            kiddie|preteen|underage|jailbait! porn|sex|nudes|pics|girls|girl
        """),
        (0.9, """
            suck+|lick+! my|his|your|ur dick|cock|balls|pussy, blowjob|blowjobs|handjob|handjobs|cumshot|cumshots
            bukkake, gangbang+, cum+! in|on|inside|all ?over my|her|his|your, deepthroat+, titfuck
            fingering! my|her pussy
        """),
        (0.7, """
            write|tell|create|generate|describe|continue|roleplay * erotica|smut|hentai!
            erotic! story|fiction|roleplay|massage
            write|tell|create|generate|describe|continue|roleplay * erotic|steamy! ?sex|sexual \
              story|scene|roleplay|fanfiction
            sexual|sexually! explicit ?story|scene|roleplay|images|content
            nude|naked! picture+|photo+|pic+|selfie+|video+ of
            deepfake|deepfakes! * porn|nude|nudes|naked, undress+! her|him|this ?woman|girl|photo, send nudes!
            sex! chat|slave|slaves|doll|cam|tape|roleplay, dirty|sexting! ?talk to me
        """),
        (0.6, """
            dildo+, milf+, hentai, nudes, have|having|had sex! with me|you|her|him|my, camgirl+
            onlyfans! leak|leaks|leaked, upskirt
        """),
        (0.5, """
            anal! sex|play|plug, oral sex!, horny, boobs, masturbate+|masturbation, fetish! porn|video|videos
            xxx! video|videos|movie|pics, pornhub|xvideos|xhamster
        """),
        (0.4, "nsfw, orgasm+, tits, genitals, striptease, nude, nudity"),
    ),
    "CONTENT_SELF_HARM": (
        (0.9, """
            kill+|hang+|shoot+|drown+|stab+|poison+|starve+! myself, slit+|cut+|slash+! my|your wrists|wrist|veins
            {how}|method|methods|easiest|painless|best|quickest * commit suicide!, {how} * end my life!
            painless|easy|quick|best|reliable|effective|easiest * suicide! ?method|methods|way|ways
            suicide! note for|to me|my, {how} * hang|kill|drown|overdose! ?on myself
            {how} * self! harm|injure, lethal! dose of|for * ?me|myself|kill|die
        """),
        (0.8, """
            end+|ending|take|taking|took my ?own life!, i * suicidal!, commit|attempt * suicide!
            i * better off dead!, i don't|dont|do not want|wanna ?to live|exist|be ?alive anymore!, no reason to live!
            thinspo|thinspiration, pro! ana|mia tips|site|sites|forum|blog
        """),
        (0.7, """
            i|just * want to die!, i wanna die!, i wish i was|were dead!, cut+|burn+|hurt+|harm+! myself ?on purpose
            how much|many * to overdose!, {how} * overdose!
        """),
        (0.5, "suicidal! thoughts|ideation|plan, self! harming|mutilation, suicide! pact|method|methods|forum"),
        (0.4, "suicide+, suicidal, self! harm|injury, overdose+"),
    ),
    "CONTENT_ILLICIT": (
        (0.9, """
            {how} * {make} * bomb|bombs|explosive|explosives|ied|molotov|thermite|landmine|grenade|grenades|semtex|tatp!
            {make} * pipe|nail|car|fertilizer|dirty|petrol|homemade|suicide|backpack bomb|bombs!
            {make} * sarin|ricin|anthrax|vx|tabun|novichok|botulinum!, {make} * nerve agent|gas!, {make} * mustard! gas
            {how}|recipe * {make} … {drug_word}!, cook|cooking|synthesize|synthesise|synthesizing|brew * {drug_word}!
            launder! ?my ?dirty ?illegal ?this ?drug money|cash|proceeds, {how} * launder|laundering! money
            {how} * smuggle! drugs|guns|people|weapons|cocaine|across
        """),
        (0.8, """
            {make}|buy|buying|sell|selling|print|printing|order * counterfeit|forged! \
              ?money|bills|banknotes|passport|passports|currency|id|ids|documents|prescriptions
            {make}|buy|buying|sell|selling|order * fake! \
              passport|passports|id|ids|driver's|drivers|diploma|diplomas|money|prescription|banknotes|vaccine
            {how} * hack! into|someone's|my|her|his|their|a|an|the * {account}
            hack! into my|someone's|her|his|their * {account}
            {how} * steal|clone|skim! * credit|debit|identity|identities|car|cars|passwords|card|cards|data|money
            write|create|build|code|develop|make|give * ransomware|keylogger|rootkit|botnet|malware|spyware|infostealer!
            {make}|print|printing * ghost gun|guns|silencer|suppressor!
            3d print|printed|printing * gun|guns|firearm|rifle!
            convert * fully|full|to automatic! ?rifle|weapon|gun|fire, fullz, cvv! dump|dumps|shop
            carding! tutorial|site|forum|method
            write|create|craft|make|generate|draft * phishing! email|emails|e-mail|message|page|site|sms|kit|campaign
            launch+|run|start|perform * ddos! ?attack ?on|against, ddos! a|the|someone|my|this
            {how} * shoplift|blackmail|extort|scam|defraud|bribe!, human|organ trafficking! contact|ring|business how
        """),
        (0.6, """
            {buy} ?some ?a ?gram ?grams ?of ?pure ?cheap ?online {drug_word}!
            {how} * {buy} * drugs|cocaine|weed|steroids! ?online ?without
            {buy} * stolen! credit|cards|card|identity|identities|data|accounts
            crack+! * someone's|her|his|their|my password|passwords, {how} * forge|forging! a|an|my|someone's
            {how} * evade|evading! taxes|tax, insider! trading how|tip|tips
            unregistered|untraceable! gun|guns|firearm|firearms|weapon|weapons
        """),
        (0.4, """
            money laundering!, ransomware, ghost gun|guns!, cocaine, heroin, methamphetamine, pick! locks
            darknet|darkweb! market|markets
        """),
    ),
    "CONTENT_PROFANITY": (
        (0.9, """
            motherfuck|motherfucker|motherfuckers|motherfucking|motherfuckin|mothafucka|clusterfuck|mindfuck|stfu|gtfo
        """),
        (0.8, """
            bullshit+|horseshit|apeshit|batshit|dipshit+|shithead+|dickhead+|dickwad|cocksucker+|cocksucking|assholes
            asshat|assclown|asswipe+|arsehole+|twat+|wanker+|bollocks|jackoff|fck|fckn|fcking|fuk|fukin|fuking|fkn|fking
            phuck|fucc|biatch|biotch|sonofabitch|goddamnit|goddammit|jizz
        """),
        (0.6, """
            bastard+, jackass+, dumbass, douchebag+, douche, piss! off, pissed! off, prick+, wtf, smartass, tosser+
            bugger! off
        """),
        (0.4, """
            damn, damned, dammit, goddamn, crap, crappy, arse, ass, asses, piss, pissed, bloody! hell, dick, dicks
            cock, cocks, badass, lmfao, pussies
        """),
    ),
}  # fmt: skip

DISGUISABLE: dict[str, tuple[Disguisable, ...]] = {
    "CONTENT_HATE": (
        Disguisable("nigger", 0.95, spaced=True),
        Disguisable("nigga", 0.7, "[sz]?"),
        Disguisable("faggot", 0.9, spaced=True),
        Disguisable("kike", 0.6, "s?"),
    ),
    "CONTENT_SEXUAL": (
        Disguisable("whore", 0.6, "(?:[sd]|house|s)?"),
        Disguisable("slut", 0.6, "(?:s|ty|tier)?"),
        Disguisable("pussy", 0.5, ""),
        Disguisable("porn", 0.5, "(?:o|os|ographic|stars?|s|ography)?"),
    ),
    "CONTENT_PROFANITY": (
        Disguisable("fuck", 0.9, spaced=True),
        Disguisable(
            "shit", 0.8, "(?:s|z|ty|tier|ted|ting|tin|face|faced|hole|holes|show|storm|bag|bags|load)?", spaced=True
        ),
        Disguisable("bitch", 0.8, spaced=True),
        Disguisable("cunt", 0.9, spaced=True),
        Disguisable("asshole", 0.8, "s?"),
    ),
}  # fmt: skip

SOFTENED_BY: dict[str, str] = {
    "CONTENT_HATE": r"\b(?:armou?r|maine|waterfowl|racoon|raccoon|etymolog|slur|slurs|hate speech|antisemit|holocaust"
    r"|museum|historians?|propaganda|condemn|denounc|combat|counter|dike|levee|cigarettes?)",
    "CONTENT_HARASSMENT": r"\b(?:ignition|timing|bull(?:y|ied|ying)|moderat|report abuse|flame retard|fire retard|novel"
    r"|dostoevsky|idiot.?proof|dead.?lift|game boss|in the game|npcs?|zombies?|cyberbully)",
    "CONTENT_VIOLENCE": r"\b(?:process(?:es)?|threads?|pids?|daemon|job|server|game|gamers?|minecraft|npcs?|zombies?"
    r"|monsters?|orcs?|boss fight|novel|screenplay|film|movie|documentary|police|court|convicted|accused|arrested"
    r"|charged|victims?|survivors?|memorial|historians?|bacteria|virus(?:es)?|weeds?|insects?|mosquito\w*|chess"
    r"|prevent\w*"
    r"|gunman|suspects?|war crimes?|news|disease|smoking|cancer)\b",
    "CONTENT_SEXUAL": r"\b(?:prevent\w*|report(?:ed|ing)?|law|laws|illegal|combat\w*|detect\w*|police|arrested"
        r"|charged|convicted"
    r"|health|doctor|medical|patients?|biolog\w*|infections?|addiction|filter|block(?:ed|ing|s)?|parental"
    r"|moderat\w*|polic(?:y|ies)"
    r"|blue|birds?|mating|species|hens?|roosters?|bull|painting|sculpture|museum|renaissance|mole rats?|education"
    r"|victims?"
    r"|abuse|protect\w*|anti)\b",
    "CONTENT_SELF_HARM": r"\b(?:prevent\w*|hotline|lifeline|awareness|squad|research\w*|study|studies|statistics|rates?"
    r"|shaving|slack|bomb\w*|cell|genes?|substrate|charity|survivors?|news|report(?:ed|s)?|cooking|kitchen|accidentally"
    r"|novel|narcan|naloxone|laughing|embarrassment|bereave\w*|counsell?ing|support groups?)\b",
    "CONTENT_ILLICIT": r"\b(?:prevent\w*|protect\w*|detect\w*|defend\w*|against|awareness|analy[sz]\w*|police|court"
        r"|arrested"
    r"|convicted|charged|seized|treatment|recovery|rehab\w*|addict\w*|law|laws|compliance|train(?:ing)? employees"
    r"|simulat\w*"
    r"|bath|seed|photo|glitter|cherry|logic|fork|zip|game|minecraft|disposal|squad|defus\w*|museum|history"
    r"|historians?|film"
    r"|movie|novel|documentary|news|honeypot|antivirus|sandbox|mitigat\w*|security (?:team|course|awareness))\b",
}  # fmt: skip
