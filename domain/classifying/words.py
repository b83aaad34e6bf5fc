"""Words that name a kind of work, in the languages that people ask in most. A pattern is matched without regard to case."""

from typing import Final

TRANSLATION: Final = (
    r"translat\w*|traduc\w*|traduz\w*|traduis\w*|traduire|traduction|übersetz\w*|vertaal\w*|перевед\w*|翻译|译成|"
    "翻訳|訳して|ترجم|번역"
)
LANGUAGES: Final = (
    "english|german|french|spanish|italian|portuguese|japanese|chinese|korean|russian|arabic|dutch|turkish|hindi|"
    "greek|polish|swedish|latin|deutsch|englisch|französisch|spanisch|anglais|allemand|espagnol|inglés|alemán|"
    r"francés|inglese|英文|英语|日语|法语|中文|英語|日本語|английск\w*|немецк\w*"
)
TAKING_OUT: Final = (
    "extract|summari[sz]e|summary|tl;dr|tldr|condense|shorten|classify|categori[sz]e|label|tag|parse|"
    "list (?:all|every|the)|find (?:all|every)|json|yaml|csv|schema|redact|entities|sentiment|fields?|"
    r"from the (?:text|passage|following)|extrahier\w*|fasse|zusammenfass\w*|extrais|résume\w*|extrae|resume|提取|"
    r"概括|总结|抜き出|要約|извлеки\w*"
)
WRITING: Final = (
    "poem|story|stories|song|lyrics|haiku|limerick|sonnet|novel|tale|fable|joke|riddle|slogan|tagline|monologue|"
    "dialogue|screenplay|fiction|imagine|funny|gedicht|geschichte|lied|märchen|poème|histoire|chanson|conte|"
    r"poema|cuento|canción|诗|故事|俳句|物語|стихотворени\w*|рассказ\w*"
)
PROGRAMS: Final = (
    r"python|javascript|typescript|java|rust|golang|kotlin|ruby|swift|haskell|c\+\+|c#|sql|bash|regex|"
    r"regular expression|function|class|method|compile\w*|bug|debug\w*|refactor\w*|unit test|api|endpoint|"
    r"docker\w*|kubernetes|git|script|code|stack trace|stacktrace|exception|algorithm|recursion|funktion|fonction|"
    r"función|代码|函数|функци\w*|コード"
)
WEIGHING: Final = (
    "compare|contrast|analy[sz]e|analysis|evaluate|assess|examine|weigh|pros and cons|advantages?|disadvantages?|"
    "trade-off|tradeoffs?|causes?|implications?|argue|critique|prove|derive|why|explain why|impact|vergleiche|"
    "analysiere|vor- und nachteile|ursachen|avantages|inconvénients|ventajas|causas|分析|比较|优缺点|利点|欠点|"
    r"проанализируй|преимуществ\w*"
)
PLANNING: Final = (
    "plan|strategy|strategies|roadmap|budget|phases?|stages?|milestones?|timeline|schedule|stakeholders?|"
    "constraints?|risks?|contingency|fallback|comprehensive|end-to-end|in detail|step by step|programme|proposal|"
    r"strategie|zeitplan|étapes|fases|riesgos|方案|计划|計画|этап\w*|план"
)
DOING: Final = (
    "book|send|order|cancel|schedule|remind|set|turn (?:on|off)|play|call|search|look up|fetch|open|delete|"
    r"update|create|post|upload|check|pay|transfer|buche|schick\w*|réserve|envoie|envía|reserva|帮我|予約|"
    "追加して|отправь|найди"
)
RIGHT_NOW: Final = (
    "now|today|tonight|tomorrow|currently|current|latest|this (?:week|weekend|morning|evening)|next week|my|"
    "jetzt|gerade|heute|morgen|maintenant|aujourd'hui|ahora|hoy|mañana|现在|今天|明天|今|明日|сейчас|сегодня|"
    "завтра"
)
GREETING: Final = (
    "hi|hello|hey|thanks|thank you|good (?:morning|evening|night)|ok|okay|yes|no|please|hallo|danke|bonjour|"
    "merci|hola|gracias|你好|谢谢|привет|спасибо"
)

CONDITION: Final = "if|unless|given|suppose|assume|assuming|whether|provided|when|whose|such that|let"
PORTION: Final = (
    "each|per|every|twice|half|third|double|triple|times|percent|total|remaining|left|rest|average|altogether|"
    "more than|less than|fewer"
)
BOUND: Final = "must|may not|cannot|without|at least|at most|exactly|only|never|all of|neither|nor|both"
DENIAL: Final = "NOT|EXCEPT|LEAST|FALSE|INCORRECT|NEVER|except|incorrect|false"
COURT: Final = (
    "plaintiff|defendant|court|statute|contract|liable|liability|damages|jury|testimony|motion|sued|lawsuit|"
    r"trial|attorney|conveyed|deed|negligen\w*|homicide|murder|robbery|convicted|prosecution|jurisdiction"
)
PATIENT: Final = (
    r"patient|year-old|diagnos\w*|symptoms?|treatment|disease|syndrome|blood|clinical|examination shows|mg|serum|"
    "dose"
)
MATHEMATICS: Final = (
    "equation|polynomial|matrix|vector|integral|derivative|function|theorem|prime|integer|subgroup|group|ring|"
    r"field|probability|variance|proof|converge\w*|continuous|linear|logarithm|triangle|radius|velocity|voltage|"
    "current|energy|equilibrium|molar|moles|mol|frequency|proposition"
)

KINDS: Final = {
    "conditions": CONDITION,
    "portions": PORTION,
    "bounds": BOUND,
    "court": COURT,
    "patient": PATIENT,
    "mathematics": MATHEMATICS,
    "translation": TRANSLATION,
    "languages": LANGUAGES,
    "taking out": TAKING_OUT,
    "writing": WRITING,
    "programs": PROGRAMS,
    "weighing": WEIGHING,
    "planning": PLANNING,
    "doing": DOING,
    "right now": RIGHT_NOW,
    "greeting": GREETING,
}
"""Each kind's words by the name of the feature that counts them."""
