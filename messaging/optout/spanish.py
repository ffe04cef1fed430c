"""The Spanish rules that read an opt-out. See `rules` for how a rule works."""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from typing import Final

from messaging.optout.rules import Around, Judge, Kind, always, found, hold, opens, rule

_NOUN = (
    r"(?:mensajes? de texto|mensaj\w*|sms|textos?|correos?|emails?|llamadas?|llamaditas?|publicidad|promocion\w*|promos?|anuncios?|propaganda|ofertas?|notificacion\w*|spam|"
    r"whats\w*|avisos|alertas?|comunicacion\w*|marketing|recordatorios?|cadenas|informacion|cupones|descuentos|boletin\w*|encuestas|pendejadas|mamadas|mierda|chingaderas|porquerias?|estupideces|basura|tonterias|babosadas|cosas asi)"
)
_MOD = (
    r"(?:mas|ya|tantos|tantas|tanto|tanta|tus|sus|su|tu|esos|esas|estos|estas|este|esta|ese|esa|ningun|ninguna|ninguno|otro|otra|otros|otras|los|las|de|tipo|"
    r"clase|todo|todos|todas|cualquier|nada|un|una|unos|favor|por|a|mi|numero|el|la|aqui)"
)
# Negative commands: "no me escriba", "no me manden"; what merely tells ("no me llamaron", "no me llamo") has other endings.
_WRITE = (
    r"(?:escriba[ns]?|contacte[ns]?|moleste[ns]?|textee?[ns]?|mensajee?[ns]?|busque[ns]?|insista[ns]?|fastidie[ns]?|acose[ns]?|hostigue[ns]?|notifique[ns]?|"
    r"comunique[ns]?|chingue[ns]?|joda[ns]?|friegue[ns]?|spamee?[ns]?|bombardee[ns]?|avise[ns]?|informe[ns]?|escribiera[ns]?|contactara[ns]?|molestara[ns]?|texteara[ns]?)"
)
_CALL = r"(?:llame[ns]?|marque[ns]?|hable[ns]?)"
_SEND = r"(?:mande[ns]?|envie[ns]?|manda[ns]?|envia[ns]?|mandes|envies|pase[ns]?|mandara[ns]?|enviara[ns]?|remita[ns]?|ofrezca[ns]?)"
_WRITE_INF = r"(?:escribir|contactar|molestar|textear|mensajear|buscar|insistir|fastidiar|acosar|hostigar|notificar|comunicar|chingar|joder|fregar|estar)"
_CALL_INF = r"(?:llamar|marcar|hablar)"
_SEND_INF = r"(?:mandar|enviar)"
_GER = (
    r"(?:escribiendo|mandando|enviando|llamando|molestando|contactando|texteando|chingando|jodiendo|fregando|marcando|insistiendo|hablando)"
)
_AGAIN = r"(?:vuelva[ns]? a|vuelvas a|siga[ns]?|sigas|continue[ns]?|este[ns]?|ande[ns]?)"
_TAIL = r"(?: (?:por favor|favor|gracias|ya|mas|ahora|nunca|jamas|ok|pls|please|muchas|por aqui|aqui|a este numero|a mi numero|a mi celular|a este celular|a este telefono|de nuevo|otra vez))*"
_FULL = rf"{_TAIL}(?: \||$)"
_TIME = (
    r"\b(?:lunes|martes|miercoles|jueves|viernes|sabados?|domingos?|manana|hoy|ahorita|todavia|aun|hasta|antes|despues|a las|a la (?:una|1)|de noche|"
    r"(?:en|por|de) la (?:noche|manana|tarde)|cuando|mientras|esta (?:semana|noche|tarde)|fin de semana|fines de semana|si|tan (?:tarde|temprano)|tarde|temprano|"
    r"al? (?:trabajo|casa|otro|oficina)|en (?:el trabajo|horas|navidad|diciembre)|durante|\d+ ?(?:am|pm)|proxima|mes)\b"
)
_CHANNEL = r"\bpor (?:correo|email|mail|paqueteria|fax|telefono|llamada|carta|facebook|messenger|ese medio)\b|\bal? correo\b"
_TEXT_ME = r"\b(?:escrib\w+|mand\w+|envi\w+|texto|textos|mensajes?|text\w+|whats\w*)\b"
_CALL_ME = r"\b(?:llam\w+|marqu?\w+|habl\w+)\b"
_LIST = (
    r"(?:listas?|base|sistema|registros?|contactos?|grupo|directorio|suscripcion|programa|aqui|esto|eso|ahi|todo|mensaj\w*|textos?|sms|"
    r"publicidad|promociones|notificaciones|llamadas|envios?|difusion|correos?|cadena|servicio de mensajes|mailing|datos|telefono|celular)"
)
_OTHER_LIST = r"\b(?:espera|invitados|materiales|precios|compras)\b"
_CLITIC_VERB = r"(?:quit|borr|elimin|elimn|baj|bloque|sac|saqu|remuev|remov|tach|exclu|excluy|desuscrib|desinscrib|desafili|desapunt|suprim|retir|bot)\w{0,4}(?:me|nos)"
_PLAIN_VERB = r"(?:quit|borr|elimin|sac|saqu|remuev|remov|tach|exclu|excluy|desuscrib|suprim|retir)\w{0,4}"
_MINE = r"(?:mi|este|nuestro|el|mis) (?:numero|telefono|celular|cel|nombre|contacto|correo|informacion|datos|info|registro)"


_ONLY_WITH_MORE = r"\b(?:manda[ns]?|envia[ns]?|pase[ns]?|escriben?|llaman?|contactan?|molestan?|escribes|llamas)$"
# "No escribiendo" and "no se moleste" give no command to us; "no siga escribiendo" does.
_TELLS = rf"\bno (?:{_GER}|mandando|enviando)(?:me|nos)?$|^\w+ (?:mas )?(?:se|te) molest"
_REDIRECT = r"\b(?:escrib[ae]n?|mand[ae]n?|envi[ae]n?|llam[ae]n?|marc?qu?[ae]n?|texte[ae]n?|habl[ae]n?|contact[ae]n?)(?:me|nos|melo|melos|mela|lo|los)\b"


def _ends(after: str) -> bool:
    """True when nothing but courtesies, "again" or "at this number" follows in the clause."""
    return bool(opens(_FULL, f" {after}".rstrip()))


def _nothing_about(after: str) -> bool:
    """ "Nada de ...": nothing of one thing is asked for, not nothing at all."""
    match = opens(rf"(?:{_MOD} )*?nada (?:a|al|de|en|con|para) ", after)
    return bool(match) and not opens(rf"este|mi (?:numero|cel|tel)|{_NOUN}|eso|esto|ustedes|nada", after[match.end() :] if match else "")


def _on_list(pattern: str, after: str) -> bool:
    """The clause goes on with a list of ours. "De aqui la silla" is a chair."""
    match = opens(pattern, after)
    return bool(match) and not (
        match and found(r"\b(?:aqui|esto|eso|ahi|todo)$", match.group()) and opens(r" (?:el|la|los|las|un|una) ", after[match.end() :])
    )


def with_more(judge: Judge) -> Judge:
    """For commands that are none by themselves: "no me manda mas" asks, "no me manda el recibo" tells."""

    def look(around: Around) -> Kind | None:
        if found(_ONLY_WITH_MORE, around.said) and not opens(r"mas\b", around.after):
            return None
        return None if found(_TELLS, around.said) else judge(around)

    return look


def _text_instead(around: Around) -> bool:
    """Calls or mails are refused and a text is asked for: "no llamadas, mejor texto"."""
    follows = f"{around.after} {around.later}"
    return bool(found(_TEXT_ME, follows)) and not found(
        r"\bni (?:me )?(?:escrib|mand|envi|text|mensaj)|\b[yo] (?:me )?(?:escribir|mandar|enviar|text|mensaj)", follows
    )


def _no_contact(around: Around) -> Kind | None:
    if found(r"\b(?:para|prefiero|espero|perdon por|puedo|pude|quise|para que|espero que|ojala|porque|ojala que)$", around.before):
        return None
    after, rest = around.after, f"{around.after} {around.later}"
    said = around.said
    by_voice = found(_CALL, said) or found(_CALL_INF, said)
    if by_voice and _text_instead(around):
        return None
    if opens(rf"(?:mas|nunca mas|jamas|nada|de nuevo|otra vez){_FULL}", after):
        return "unclear" if found(_REDIRECT, around.later) else "opt_out"
    if found(_CHANNEL, after) or found(_TIME, after):
        return None
    if found(_REDIRECT, around.later):
        return "unclear"
    if found(r"\b(?:mejor|solo|prefiero|puede|pueden|pero)\b", rest) and found(_CALL_ME, rest) and not found(r"\bni\b", rest):
        return "unclear"
    if _ends(after) or opens(
        rf"(?:mas|nunca|jamas|por favor|favor|gracias|ya|nada|ni|con|para|{_NOUN}|{_MOD} {_NOUN}|(?:a )?este (?:numero|cel|tel)|a este|a mi (?:numero|cel|tel)|en este numero|por (?:mensaje|texto|sms|este medio)|porque|no|ok|tanto|estoy|yo|o (?:los|las|les|te|le|llamo|voy|pongo|hablo|denuncio|bloqueo))\b",
        after,
    ):
        return "unclear" if opens(r"(?:con|para) ", after) and not opens(rf"(?:con|para) (?:{_NOUN}|{_MOD} {_NOUN})", after) else "opt_out"
    return "unclear" if opens(r"(?:sobre|por)\b", after) else None


def _no_send(around: Around) -> Kind | None:
    if found(r"\b(?:para|prefiero|espero|puedo|pude|quise|para que|espero que|porque)$", around.before):
        return None
    after = around.after
    if opens(rf"(?:{_MOD} )*?(?:correos?|emails?|llamadas)\b", after) and _text_instead(around):
        return None
    if _nothing_about(after) or found(r"\bl[oa]s?\b", around.said):
        return None if found(_TIME, after) or found(_CHANNEL, after) else "unclear"
    wanted = opens(
        rf"(?:{_MOD} )*?(?:{_NOUN}|nada|cosas|esto|eso|tonterias|basura|chingaderas)\b|(?:mas|nunca mas|jamas)?{_FULL}", after
    ) or _ends(after)
    if not wanted or found(_CHANNEL, after) or (opens(r"(?:el|la|un|una) ", after) and not found(r"\bmas\b", after)):
        return None
    if found(_TIME, after):
        return None
    return "unclear" if found(_REDIRECT, around.later) else "opt_out"


def _unless_no(around: Around) -> Kind | None:
    """For commands to stop: "no dejen de escribirme" turns them round."""
    if found(r"\b(?:no|nunca|sin|que no|no me|no nos)$", around.before):
        return None
    if found(r"llamar|marcar|llamadas|correos?|llamando", around.said) and _text_instead(around):
        return None
    return (
        "unclear"
        if (opens(r"a ", around.after) and not opens(r"a (?:este|mi (?:numero|cel|tel))", around.after)) or found(_TIME, around.after)
        else "opt_out"
    )


def _leave_list(around: Around) -> Kind | None:
    here = found(r"\b(?:aqui|esto|eso|ahi|todo)$", around.said) and opens(r"(?:el|la|los|las|un|una) ", around.after)
    return None if here else _unless_no(around)


def _stop_sending(around: Around) -> Kind | None:
    if found(r"\b(?:no|nunca|sin|que no|no me|no nos)$", around.before):
        return None
    if opens(rf"(?:{_MOD} )*?(?:{_NOUN}|cosas|esto|eso|tonterias|basura|nada)\b", around.after) or _ends(around.after):
        return "opt_out"
    return "unclear" if found(r"(?:me|nos)$", around.said) else None


def _not_wanted(around: Around) -> Kind | None:
    return "unclear" if found(_TIME, around.after) or opens(r"(?:sobre|del|de la|en)\b", around.after) else "opt_out"


def _removed(around: Around) -> Kind | None:
    if found(r"\bno(?: me)?$", around.before):
        return None
    after = around.after
    if _ends(after) or after == "a mi" or opens(rf"{_MINE}\b|no\b|estoy\b|porque\b|ya\b|numero\b", after):
        return "opt_out"
    if _on_list(rf"(?:por favor |ya )*(?:de|del) (?:\w+ ){{0,4}}?{_LIST}\b", after) and not opens(r"(?:de|del) (?:las|los) \d", after):
        return "unclear" if found(_OTHER_LIST, after) or found(_TIME, after) else "opt_out"
    return None


def _my_number(around: Around) -> Kind | None:
    if found(r"\b(?:no|nunca|sin)(?: me)?$", around.before):
        return None
    after = around.after
    if opens(r"(?:viejo|anterior|de casa|de la casa|del trabajo|y (?:pon|agreg|anot|apunt|us|marc|llam))", after):
        return None
    return (
        "opt_out"
        if _ends(after)
        or _on_list(rf"(?:de|del) (?:\w+ ){{0,3}}?{_LIST}\b", after)
        or opens(r"y (?:no|ya|dej)|porque|no\b|ya\b|estoy\b", after)
        else "unclear"
    )


def _baja(around: Around) -> Kind | None:
    if found(r"\bno(?: me)?$", around.before):
        return None
    after = around.after
    if (
        _on_list(rf"(?:de|del|a)? ?(?:\w+ ){{0,3}}?(?:{_LIST}|{_NOUN}|este numero|mi numero)\b", after)
        or opens(rf"(?:ya)?{_FULL}", after)
        or _ends(after)
    ):
        return "opt_out"
    return None if opens(r"(?:la|el|los|las|mi|un|una|presion)\b", after) else "unclear"


def _no_more(around: Around) -> Kind | None:
    said = around.said
    calls_only = found(r"llamad|correo|email", said) and not found(r"mensaj|text|sms|whats", said)
    if calls_only and (
        _text_instead(around) or found(r"\b(?:mand|envi|escrib|text)\w*(?:me|nos)\b|\btextos?\b", f"{around.earlier} | {around.before}")
    ):
        return None
    if found(r"\bmas\b", said):
        return "opt_out"
    return None if around.before else "unclear" if calls_only else "opt_out"


_STOP_DE = (
    r"(?:(?:deja|dejan|deje|dejen|dejes|dejame|dejenme|dejeme|dejar|dejara|dejaran|dejaria|dejarian|dejo|dejamos|pare|paren|para|parar|parenle|parale|parele|"
    r"paro|basta|cese[ns]?|cesar|termine[ns]?|absteng\w+|ya estuvo(?: bueno)?|stop)(?: ya| por favor| favor| con)* (?:de|con)|eviten?|evitar|evite[ns]?)"
)
_JOIN = (
    r"(?:(?:ya|por favor|favor|a|tanto|tantos|tantas|el|la|los|las|sus|tus|estos|esos|estas|esas|todos|todas|mas|me|nos|estar|seguir) )*"
)
_STOP_NOUN = (
    rf"(?:{_STOP_DE}|alto (?:a|con|de)|alto|basta|(?:pare|paren|parar|parenle|parale|paro|cese[ns]?|termine[ns]?|suspenda[ns]?|suspender|detenga[ns]?|detener|stop)|"
    r"para (?:ya|tus|sus|esos))"
)
_NO_WANT = r"(?:(?:ya )?no (?:me |nos )?(?:quiero|queremos|deseo|deseamos|quisiera|quisieramos|necesito|necesitamos|gustaria|interesa|interesan|quiera|pedi|solicite|ocupo)|preferiria no|prefiero no|gustaria no|quisiera no|quisiera ya no|quiero ya no|favor no|puedo no)"

SPANISH_WORDS: Final = frozenset(
    "alto basta pare paren para parar parenle detener detenganse detente deten detengan cancela cancele cancelen cancelar baja no mas desactivar desactiven suspender suspendan suspenda cese cesen detengase detenga retirar fin terminar salir "
    "salirme quitar quitame borrar eliminar remover anular dejen dejalo dejenlo dejame dejenme desuscripcion desuscribir desuscribirme ayuda informacion iniciar inicio comenzar "
    "empezar reanudar suscribir suscribirme alta".split()
) - {"no"}

SPANISH: Final = (
    rule(
        "no-me-escriban",
        "es",
        rf"\b(?:no|nunca|nunca mas|jamas) (?:(?:me|nos|se|ya) )*(?:{_AGAIN} )?(?:{_WRITE}|{_CALL}|"
        rf"(?:{_WRITE_INF}|{_CALL_INF})(?:me|nos|le|les|se)?|(?:escriben?|llaman?|contactan?|molestan?|escribes|"
        rf"llamas)|{_GER}(?:me|nos)?)\b",
        with_more(_no_contact),
    ),
    rule(
        "no-me-manden",
        "es",
        rf"\b(?:no|nunca|nunca mas|jamas) (?:(?:me|nos|ya|lo|la|los|las) )*(?:{_AGAIN} )?(?:{_SEND}|{_SEND_INF}(?:me|nos|le|les)?|"
        rf"(?:mandando|enviando)(?:me|nos)?)\b",
        with_more(_no_send),
    ),
    rule(
        "que-no-me-escriban",
        "es",
        rf"\bno (?:quiero|queremos|deseo|quisiera|me gusta|me gustaria) que (?:(?:me|nos|se|ya|ustedes|usted|"
        rf"nadie) )*(?:{_AGAIN} )?(?:{_WRITE}|{_CALL}|{_WRITE_INF}|{_CALL_INF}|{_SEND_INF}|{_SEND}|{_GER})\b",
        lambda a: with_more(_no_send if found(r"(?:mand|envi)\w+$", a.said) else _no_contact)(a),
    ),
    rule(
        "no-quiero-mensajes",
        "es",
        rf"\b{_NO_WANT} (?:(?:seguir|continuar|volver a|estar|mas|recib\w+|tener|que me lleguen|"
        rf"ver) )*(?:{_MOD} )*{_NOUN}\b",
        lambda a: (
            None
            if opens(r"(?:del|de la|sobre) ", a.after) or found(r"(?:correos?|emails?|llamadas?)$", a.said) and _text_instead(a)
            else "unclear"
            if found(_TIME, a.after)
            or (opens(r"en (?:mi|el|la|los|las|su) ", a.after) and not opens(r"\w+ \w+ (?:numero|cel|tel)", a.after))
            or (a.said.endswith("informacion") and "recib" not in a.said)
            else "opt_out"
        ),
    ),
    rule(
        "no-quiero-recibir",
        "es",
        rf"\b{_NO_WANT} (?:(?:seguir|continuar|volver a|estar) )*recib\w+(?: (?:mas|nada|esto|eso|ninguno|nada mas|"
        rf"mas nada|estos|estas|estas cosas|nada de \w+|mas de \w+))*{_FULL}|\b{_NO_WANT} (?:saber|"
        rf"oir) (?:\w+ ){{0,2}}de (?:ustedes|usted|ti|su|tu|nadie)|\b{_NO_WANT} ser (?:contactad|molestad|llamad|"
        rf"parte de)\w*|\b{_NO_WANT} (?:estar|seguir|continuar) (?:en|dentro) (?:de )?(?:su|la|esta|tu|ninguna|"
        rf"el) (?:lista|grupo|base)|\b{_NO_WANT} (?:mas )?nada (?:mas )?(?:de|con) (?:ustedes|usted|ti)\b",
        _not_wanted,
    ),
    rule(
        "dejen-de-escribir",
        "es",
        rf"\b{_STOP_DE} {_JOIN}(?:(?:{_WRITE_INF}|{_CALL_INF})(?:me|nos|le)?|{_GER}(?:me|nos)?)\b",
        _unless_no,
    ),
    rule("dejen-de-mandar", "es", rf"\b{_STOP_DE} {_JOIN}(?:mandar|enviar|mandando|enviando|recibir)(?:me|nos|le)?\b", _stop_sending),
    rule("basta-de-mensajes", "es", rf"\b{_STOP_NOUN} {_JOIN}{_NOUN}\b", _unless_no),
    rule(
        "cancelar-mensajes",
        "es",
        r"\b(?:cancel\w{1,4}|anul\w{1,3}|suspend\w{1,3}|desactiv\w{1,4}|quit\w{1,4}|elimin\w{1,4}|terminar|detener|"
        r"apag\w{1,4}) (?:(?:la|mi|esta|los|las|sus|tus|estos|estas|todos|todas|el|esos|mas|de|favor|"
        r"por) )*(?:suscripci\w+|mensaj\w*|textos|sms|notificaciones|alertas|publicidad|promociones)\b",
        _unless_no,
    ),
    rule(
        "no-mas-mensajes",
        "es",
        rf"\b(?:no|ni|ya no|ningun|ninguna|cero|sin|basta de|nada de) (?:(?:mas|un|una|me|nos) )*(?:{_MOD} )*?{_NOUN}(?: (?:ni|o|"
        rf"y) {_NOUN})?(?: mas)?{_TAIL}(?: \||$)",
        _no_more,
    ),
    rule(
        "fuera-de-la-lista",
        "es",
        rf"\b{_CLITIC_VERB}\b|\b(?:me|nos) (?:puede[ns]? |pueden |podrian? |va[ns]? a |por favor )?(?:quiten?|borren?|"
        rf"eliminen?|saquen?|remuevan?|retiren|excluyan?|tachen|desuscriban?|quitar|borrar|eliminar|sacar|remover|retirar|"
        rf"excluir|desuscribir)\b",
        _removed,
    ),
    rule(
        "no-me-incluyan",
        "es",
        rf"\bno (?:me|nos) (?:incluya|agregue|meta|ponga|anada|inscriba|suscriba)[ns]?(?: mas)? (?:en|"
        rf"a) (?:\w+ ){{0,2}}?{_LIST}\b",
        always,
    ),
    rule("borren-mi-numero", "es", rf"\b(?:{_PLAIN_VERB}|pierd[ae]\w?|olvid\w+)(?: ya| por favor| de)* {_MINE}\b", _my_number),
    rule("salir-de-la-lista", "es", rf"\b(?:salir|salirme|fuera|sacar|quitar|desuscribir\w*) de (?:\w+ ){{0,3}}?{_LIST}\b", _leave_list),
    rule(
        "dar-de-baja",
        "es",
        r"\b(?:dar\w*|de|den|dame|deme|denme|danos|dan|doy|da|causar|solicito|quiero|pido|tramit\w+|me|des)(?: (?:me|nos|"
        r"la|mi|una|por favor|favor|de))* (?:de )?baja\b",
        _baja,
    ),
    rule(
        "en-paz",
        "es",
        r"\b(?:deje\w*|deja\w*|dejen\w*|me dej\w+|nos dej\w+)(?: (?:me|nos|ya|por favor))* (?:en paz|tranquil\w+|"
        r"quiet\w+)\b",
        _unless_no,
    ),
    rule(
        "sin-permiso",
        "es",
        r"\b(?:revoc\w+|retir\w+|quit\w+)(?: \w+){0,2} (?:consentimiento|permiso|autorizacion)\b|\bno (?:les |te |"
        r"le )?(?:doy|autorizo|tienen?|tienes)(?: \w+){0,2}(?: (?:consentimiento|permiso|autorizacion))\b|\bno autorizo\b",
        always,
    ),
    rule(
        "numero-equivocado",
        "es",
        r"\b(?:numero|persona) (?:equivocad|incorrect|erroneo|erronea)\w*\b|\b(?:se equivoc\w+|esta equivocad\w+|"
        r"te equivocaste)(?: de (?:numero|persona))?\b|\bno es (?:mi|su|el) numero\b",
        always,
    ),
    rule(
        "no-recibir",
        "es",
        rf"\b(?:ya no|no|dejar de) (?:seguir )?recib(?:ir|iendo)(?: (?:mas|nada|ningun\w*))*(?: (?:{_MOD} )*{_NOUN}|{_FULL})",
        _not_wanted,
    ),
    rule(
        "no-usen-mi-numero",
        "es",
        r"\bno (?:me |nos )?(?:use[ns]?|utilice[ns]?|tengan?|guarde[ns]?|marque[ns]?) (?:mas )?(?:mi|este) (?:numero|telefono|celular)\b",
        always,
    ),
    rule("mi-numero-en-paz", "es", r"\bdej\w+ mi (?:numero|telefono|celular) en paz\b", always),
    rule("para-los-mensajes", "es", rf"(?:^|\| )(?:ya )?para (?:los|las|de|el) {_NOUN}{_FULL}", hold),
    # Doubtful: a person reads these while sending pauses.
    rule(
        "no-me-interesa",
        "es",
        rf"(?:^|\| )(?:(?:hola|gracias|ya|perdon|disculpe|pero|la verdad) )*(?:no (?:me|nos) interesa\w*|no (?:estoy|"
        rf"estamos) interesad\w+|(?:ya )?no (?:quiero|deseo)(?: nada)?(?: mas)?|ya no|no (?:sigan|siga|sigas)){_FULL}",
        hold,
    ),
    rule(
        "queja",
        "es",
        r"\b(?:es acoso|acosando|hostigando|hostigamiento|demandar(?:los|te|le)|los? voy a (?:reportar|bloquear|demandar|"
        r"denunciar)|(?:te|los|lo) (?:bloquee|bloqueo|reporto|denuncio)|estafadores)\b|(?:^|\| )(?:bloquead[oa]s?|"
        r"reportad[oa]s?|suficiente|ya estuvo|spam)(?: \||$)|\bchinga\w* (?:tu|su)\b|\b(?:vete|vayanse|vayase|largate|"
        r"larguense) (?:a|al|de)\b|\bme tienen? (?:harto|harta)\b|\bme (?:estan?|estas) molestando\b|\bme molestan?\b",
        hold,
    ),
)
