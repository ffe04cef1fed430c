"""Refusals in other languages than English and Spanish. See `rules` for how a rule works."""

from __future__ import annotations

from typing import Final

from messaging.optout.rules import Rule, always, rule

ELSEWHERE: Final[tuple[Rule, ...]] = (
    rule(
        "arret",
        "fr",
        r"\b(?:ne|n) ?(?:me |m|nous )?(?:contactez|ecrivez|envoyez|appelez|textez|derangez|contacte|ecris|appelle|"
        r"envoie)(?: \w+){0,3} plus\b|\bplus de (?:messages|textos|sms)\b|\b(?:arretez?|cessez?|stop) (?:de |d|les |vos |"
        r"ces )*(?:m?ecrire|mecrire|menvoyer|me (?:contacter|texter|deranger|harceler|ecrire|envoyer|appeler|telephoner|parler)|envoyer|messages|textos|sms|appels)\b|\b(?:desabonn|"
        r"desinscri|desinscr)\w*|\b(?:retirez|enlevez|supprimez)(?: |-)?(?:moi|mon numero)\b|\blaissez(?: |"
        r"-)moi tranquille\b|\bje ne veux plus\b",
        always,
    ),
    rule(
        "pare",
        "pt",
        r"\bnao (?:quero|desejo)(?: mais)? receber\b|\b(?:pare|parem|para) de (?:me )?(?:mandar|enviar|ligar|escrever|"
        r"mensagens|mandarem)\b|\b(?:descadastr|desinscrev)\w*|\bnao me (?:mande|envie|ligue|escreva|contate|"
        r"perturbe)\w?\b|\b(?:me tire|me remova|me tira|remover) da lista\b",
        always,
    ),
    rule(
        "itigil",
        "tl",
        r"\b(?:hinto|ihinto|itigil|tigilan|tumigil|tigil|tama na|ayoko na|ayaw ko na)\b|\b(?:alisin|tanggalin) (?:mo |nyo |"
        r"niyo )?(?:ako|ang number)\b|\b(?:huwag|wag) (?:\w+ ){0,4}?(?:i ?text|text|itext|mag ?text|tawag\w*|tumawag|"
        r"mensahe|message|contact\w*|padala\w*|magpadala)\w*\b",
        always,
    ),
    rule(
        "acha",
        "sw",
        r"(?:^|\| )(?:tafadhali |asante(?: sana)? )?(?:acha|acheni|wacha|koma|simama|simamisha|sitisha|ondoa|niondoe)(?: (?:kunitumia|"
        r"kutuma|kunitumia|ujumbe|tafadhali|meseji|sms|kunipigia)| \w+){0,3}(?: \||$)|\b(?:usinitumie\w*|nitoe|niondoe|"
        r"acha kuni\w+|msinitumie|usinipigie|sitaki (?:ujumbe|meseji|sms|kupokea)|niondoe)\b",
        always,
    ),
    rule(
        "band-karo",
        "hi",
        r"\b(?:band|bandh|bund) (?:karo|kar do|kardo|karein|kare|kijiye|kar dijiye)\b|\b(?:mat|na) (?:bhej\w*|"
        r"karo (?:message|sms|call|text))\b|\b(?:message|sms|call|text|msg)s? (?:mat|na) (?:karo|kare|karein|karna|"
        r"bhej\w*|kijiye)\b|\b(?:roko|rok do|hata do|hatao)\b|बंद|मत (?:भेज|कर)|रोक|न भेज",
        always,
    ),
    rule(
        "stop-elsewhere",
        "",
        r"(?:^|\| )(?:stopp|abmelden|abbestellen|aufhoren|hor auf|fermati|basta cosi|cancellami|стоп|отписаться|отпишите|"
        r"停止|停|退订|退訂|取消|dung|dung lai|huy|중지|그만|수신거부|توقف|الغاء|إلغاء|sair|cancelar inscricao|arreter|arretez)(?: \||$)|"
        r"退订|停止发|拒收",
        always,
    ),
)
