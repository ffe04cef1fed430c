"""Own words of a mail: what is quoted or signed by a program is not theirs, in the shapes and languages of the common mail programs."""

import pytest

from zartsalgo.lib.mail_text import LONGEST, own_words, text_of_html

SAID = "Tuesday at 8 suits us."
# What mail programs put between an answer and the mail it answers. The quoted words ask to unsubscribe: they must never be the writer's.
OPENINGS = {
    "gmail": "On Tue, Mar 3, 2026 at 4:05 PM Pen Roofing <office@pen.example.com> wrote:",
    "gmail wrapped": "On Tue, Mar 3, 2026 at 4:05 PM Pen Roofing and Sons <\noffice@pen.example.com> wrote:",
    "gmail wrapped twice": "On Tue, Mar 3, 2026 at 4:05 PM Pen Roofing and Sons of Denver\nColorado <\noffice@pen.example.com> wrote:",
    "gmail spanish": "El mar, 3 mar 2026 a las 16:05, Pen Roofing (<office@pen.example.com>) escribió:",
    "gmail french": "Le mar. 3 mars 2026 à 16:05, Pen Roofing <office@pen.example.com> a écrit :",
    "gmail german": "Am Di., 3. März 2026 um 16:05 Uhr schrieb Pen Roofing <\noffice@pen.example.com>:",
    "gmail portuguese": "Em ter., 3 de mar. de 2026 às 16:05, Pen Roofing <office@pen.example.com>\nescreveu:",
    "gmail dutch": "Op di 3 mrt 2026 om 16:05 schreef Pen Roofing <office@pen.example.com>:",
    "gmail italian": "Il giorno mar 3 mar 2026 alle ore 16:05 Pen Roofing <office@pen.example.com> ha scritto:",
    "gmail danish": "Den tirs. 3. mar. 2026 kl. 16.05 skrev Pen Roofing <office@pen.example.com>:",
    "gmail norwegian": "tir. 3. mar. 2026 kl. 16:05 skrev Pen Roofing <office@pen.example.com>:",
    "gmail swedish": "Den tis 3 mars 2026 kl 16:05 skrev Pen Roofing <office@pen.example.com>:",
    "gmail finnish": "ti 3. maalisk. 2026 klo 16.05 Pen Roofing (office@pen.example.com) kirjoitti:",
    "gmail polish": "wt., 3 mar 2026 o 16:05 Pen Roofing <office@pen.example.com> napisał(a):",
    "gmail short": "2026-03-03 16:05 GMT-07:00 Pen Roofing <office@pen.example.com>:",
    "iphone": "On Mar 3, 2026, at 4:05 PM, Pen Roofing <office@pen.example.com> wrote:\n",
    "apple german": "Am 03.03.2026 um 16:05 schrieb Pen Roofing <office@pen.example.com>:\n",
    "thunderbird": "On 3/3/26 16:05, Pen Roofing wrote:",
    "yahoo": "    On Tuesday, March 3, 2026, 04:05:11 PM MST, Pen Roofing <office@pen.example.com> wrote:  \n ",
    "outlook": "From: Pen Roofing\nSent: Tuesday, March 3, 2026 4:05 PM\nTo: Dee\nSubject: Your roof\n",
    "outlook rule": "________________________________\nFrom: Pen Roofing <office@pen.example.com>\nSent: Tuesday, March 3, 2026 4:05 PM\nTo: Dee\nSubject: Your roof\n",
    "outlook bold": "*From:* Pen Roofing <office@pen.example.com>\n*Sent:* Tuesday\n",
    "outlook phone": "Get Outlook for iOS\n________________________________\nFrom: Pen Roofing <office@pen.example.com>\nSent: Tuesday\nTo: Dee <dee@example.com>\n",
    "outlook page": "From: Pen Roofing\nSent: Tuesday\n",
    "outlook page german": "Von: Pen Roofing\nGesendet: Dienstag\n",
    "outlook spanish": "De: Pen Roofing <office@pen.example.com>\nEnviado el: martes, 3 de marzo de 2026 16:05\nPara: Dee\nAsunto: Su techo\n",
    "outlook french": "De : Pen Roofing <office@pen.example.com>\nEnvoyé : mardi 3 mars 2026 16:05\nÀ : Dee\nObjet : Votre toit\n",
    "outlook german": "Von: Pen Roofing <office@pen.example.com>\nGesendet: Dienstag, 3. März 2026 16:05\nAn: Dee\nBetreff: Ihr Dach\n",
    "outlook portuguese": "De: Pen Roofing <office@pen.example.com>\nEnviada em: terça-feira\nPara: Dee\nAssunto: O telhado\n",
    "outlook dutch": "Van: Pen Roofing <office@pen.example.com>\nVerzonden: dinsdag 3 maart\nAan: Dee\nOnderwerp: Uw dak\n",
    "outlook italian": "Da: Pen Roofing <office@pen.example.com>\nInviato: martedì 3 marzo\nA: Dee\nOggetto: Il tetto\n",
    "outlook danish": "Fra: Pen Roofing <office@pen.example.com>\nSendt: 3. marts 2026 16:05\nTil: Dee\nEmne: Dit tag\n",
    "original": "-----Original Message-----\nFrom: Pen Roofing\n",
    "original spanish": "-----Mensaje original-----\nDe: Pen Roofing\n",
    "original german": "-----Ursprüngliche Nachricht-----\n",
    "original french": "-----Message d'origine-----\n",
    "forwarded": "---------- Forwarded message ---------\nFrom: Pen Roofing <office@pen.example.com>\nDate: Tue, Mar 3\nSubject: Your roof\n",
    "forwarded by apple": "Begin forwarded message:\n\nFrom: Pen Roofing <office@pen.example.com>\nSubject: Your roof\n",
}  # fmt: skip
HISTORY = "Hi Dee,\nwhen may we come?\nTo unsubscribe answer STOP."


@pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)
@pytest.mark.parametrize("mark", ["", "> "])
def test_what_is_answered_is_not_the_writers(opening, mark):
    quoted = "\n".join(f"{mark}{line}" for line in HISTORY.split("\n"))
    assert own_words(text=f"{SAID}\n\n{opening}\n{quoted}\n") == SAID


@pytest.mark.parametrize("opening", [one for name, one in OPENINGS.items() if not name.startswith(("outlook", "original", "forwarded"))])
def test_an_answer_below_or_between_the_quoted_lines_stays(opening):
    assert own_words(text=f"{opening.rstrip()}\n> Hi Dee\n> when may we come?\n\n{SAID}\n") == SAID
    assert own_words(text=f"Hello\n{opening.rstrip()}\n> May we come?\nYes.\n> When?\n{SAID}\n") == f"Hello\nYes.\n{SAID}"


@pytest.mark.parametrize(
    "opening", ["2026年3月3日(火) 16:05 Pen Roofing <office@pen.example.com>:", "3 Mac 2026, 16:05, Pen <office@pen.example.com> :"]
)
def test_a_date_and_an_address_above_quoted_lines_say_who_wrote_them_in_any_language(opening):
    assert own_words(text=f"{SAID}\n\n{opening}\n\n> Answer STOP") == SAID
    assert opening.split(" <")[0] in own_words(text=f"{SAID}\n\n{opening}\nthe roof")


@pytest.mark.parametrize(
    "words",
    [
        "From: the kitchen to the hall it leaks",
        "From: 12 Elm Street\nTo: 5 Oak Avenue\nDate: the first of June\nA piano goes too",
        "From: Denver\nhow much is it?",
        "On Monday I wrote:\nplease call me. Nobody did.",
        "On May 5, 2026 you wrote: we come at nine. Nobody came.",
        "On Thursday I am home.\nPlease come",
        "Two things:\n1. the roof\n2. the gutter",
        "Subject: the roof\nIt leaks",
        "He wrote: call me",
        "Sent the photos yesterday.",
        "----------\nThe list:\n----------\nsink",
        "",
    ],
)
def test_what_only_looks_like_a_quotes_head_is_the_writers(words):
    assert own_words(text=words) == words


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        ("Stop\r\n\r\n> Hi Dee\r\n> When may we come?", "Stop"),
        ("STOP\n\nOn Mon, Pen Roofing wrote:\n> Hi", "STOP"),
        ("See you\n-- \nDee Gomez\nStop Sign Painting Inc", "See you"),
        ("ok\n\nSent from my iPhone", "ok"),
        ("ok\n\nEnviado desde mi iPhone\n\nEl mar, 3 mar 2026 a las 16:05, Pen <o@pen.example.com> escribió:\n> hola", "ok"),
        ("Von meinem iPhone gesendet\n\nGut", "Gut"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("On Thursday I am home.\nOn Tue, Mar 3, 2026, Pen <o@pen.example.com> wrote:\n> Hi", "On Thursday I am home."),
        ("\ud800 broken", "� broken"),
    ],
)
def test_own_words(mail, words):
    assert own_words(text=mail) == words


def test_a_mail_is_cut_before_it_is_read():
    assert own_words(text="word " * LONGEST).count("word") == LONGEST // 5


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>Hi &amp; bye</p><blockquote>x<blockquote>y</blockquote>z</blockquote><p>end</p>", "Hi & bye\nend"),
        ("<div>Yes,\n please</div><div class='gmail_quote'>On Tue Pen wrote:<blockquote>unsubscribe</blockquote></div>", "Yes, please"),
        ("<div>Yes</div><div id='appendonsend'></div><hr><div id='divRplyFwdMsg'>From: Pen</div><div>unsubscribe</div>", "Yes"),
        ("<div>Yes</div><div class='yahoo_quoted x'>unsubscribe</div><div>below</div>", "Yes\nbelow"),
        ("<html><head><style>" + "p{color:red}" * 5_000 + "</style><title>t</title></head><BODY><p>Yes</p></BODY></html>", "Yes"),
        ("Yes<!-- hidden --><script>no</script><style>no</style><template>no</template>", "Yes"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("Yes<plaintext></p>no", "Yes</p>no"),
        ("Yes<script>never closed", "Yes"),
        ("Yes<style>never closed", "Yes"),
        ("", ""),
        ("<frameset><frame></frameset>", ""),
        ("<div>" * 3_000 + "deep", "deep"),
    ],
)
def test_the_words_of_a_page(html, words):
    assert text_of_html(html=html) == words


def test_an_attribution_between_dashes_opens_the_quoted_mail():
    assert own_words(text=f"{SAID}\n\n---- On Tue, 3 Mar 2026 16:05:00 -0700 Pen <o@pen.example.com> wrote ----\nunsubscribe") == SAID
    assert "my list" in own_words(text="---- my list I wrote ----\nsink")
