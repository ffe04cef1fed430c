"""What replies say: phrases of our own making, in tables. Every line is one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.replies import Reading, read_reply


def phrases(table: str) -> list[str]:
    return [phrase for line in table.strip().splitlines() for phrase in line.split(" | ")]


OPT_OUT_ENGLISH = phrases("""
STOP | Stop please | STOPPP | st0p | S T O P | pls stop txting me | stop texting this number | stop sending me this crap
stop sending these | quit messaging me | stop contacting my phone | I said stop | I told you to stop
if you don't stop texting me I will call the police | can you stop texting me | Can you please stop? | could you guys stop it
make it stop | I want these texts to stop | please stop all messages | stop all texts | Stop w the texts | enough with the texts
no more texts please | no more messages | No texts please | take me off the list | Take my number off your list please
remove my number | Remove me from your texting list | please remove us from your contact list | remove me from this
get me off this list | delete my number | lose my number | opt me out | I want to opt out | opt out of texts
I'd like to opt out of receiving messages | unsubscribe | unsuscribe | Unsubcribe me | please unsubcsribe | UNSUBSCRIBE ME NOW
Do not contact me again | Don't text me | dont text me | Do NOT text me anymore | do not text this number | Never text me again
never contact me again please | don't ever message me again | do not call or text me | please don't send me any more messages
Don't send me texts | dont send me anything else | I don't want to receive texts | I don't want any more texts
I do not wish to be contacted | I no longer wish to receive these messages | i dont want these msgs
I don't want to hear from you again | I don't want you to text me | I would rather not get texts | fuck off | f*ck off | go away
put me on your do not call list | DNC | I revoke my consent | I withdraw my consent to be texted
you don't have my permission to text me | cancel my subscription | cancel these texts | end texts | turn off these notifications
cancel | End | quit | revoke | remove | optout | Stop I am not interested | stop, not interested | Not interested. Please remove me.
no thanks, stop | We already found a roofer, please stop texting | STOP I hired someone else | how do I stop these messages
how do i get off this list | this is the third time I asked you to stop | You people need to stop texting me
kindly cease communication | cease and desist | please discontinue these messages | Please refrain from texting me
Don't bother me again | don't bother me anymore | stop bothering me | stop harassing me | stop blowing up my phone | no more
ok stop | thanks but please take me off | I want off this list | please stop with these | Take us off please | i want to be removed
please do not contact this number | do not reach out to me again | do not message | do not text | Please don't contact us any more
would you please stop sending me messages | wrong number, stop | parale | Please take my name off | I'm not interested please stop
not interested, lose my number | I've asked you to stop | No longer interested, remove | please no texting | no more msgs
dont text this phone | stop soliciting | I do not want your texts | Please quit | knock it off | unenroll me | Discontinue
I never want to hear from you again | Do not send any further communication | no further contact | I dont want to be texted
I don't want text messages from you | please cease | stop immediately | STOP or I'll report you | take me off of your list
take me off this text list | off your list | Remove from list | remove number | Remove me from all lists | remove from your database
scratch my number off your list | you've got the wrong number, don't text again | do not text again | never again text me
please don't text or call | I said no more | nope, take me off | Please stop all communication | stop all communications with me
I would like you to stop contacting me | I'd appreciate if you stopped texting me | when are you going to stop texting me
how many times do I have to say stop | please make sure I don't get any more texts | this is not john, stop
I do not want to be on this list | Just stop already | stop my messages | stop promos | dont want no more texts
please delete my information | Delete my contact info please | please unsubscribe this number | un subscribe | unsubscribe from all
Opt me out please | opting out | I opt out | I'd like to opt-out | Please opt this number out | I wish to opt out of these messages
stop msgs | Stop texts | Stop sending me messages please | stop with the messages | stop wasting my time and stop texting
please stop these annoying texts | Quit texting | quit calling me | don't call me | do not call | do not call this number again
Don't ever call me again | Stop calling! | No more calls | please no more calls or texts | i dont want any more calls
don't bother texting me again | don't bother contacting me again | I asked not to be contacted | please do not contact
I do not consent to these messages | I don't want to be on your list | no longer wish to be contacted
We are not interested, take us off your list | I am not your customer, remove me | remove my phone number from your system
remove my info | get my number off your list | erase my number | forget my number | please forget my number | leave me be
leave us alone please | please leave me alone!!! | F off | Go away please | stop spamming me | stop spam | no spam please stop
cancel messages | cancel texts please | cancel all texts | cancel my text subscription | end subscription | terminate | block me
kindly remove me | kindly stop | stop pls | pls stop | stopp | STOOOOP | 🛑 | Stop. I mean it. | no. stop. | Ok stop now
hey stop texting | i dont wanna get these anymore | I don't want these anymore | dont want your messages
not wanting any more texts | I have no interest, stop texting me | Thanks but no thanks, please take my number off your list
Please refrain from contacting me | refrain from texting this number | Please do not send me any texts | don't msg me
dont message me ever again | dont txt me no more | do not hit me up again | quit blowing up my phone
no more text messages to this number | This number does not want to receive texts | STOP por favor | Ya stop
Please remove this number from ur list | Plz remove me | take me off ur list | do NOT text me ever again!!!
Dont contact me again or i will report you | STOP texting, wrong person | I'm asking you to stop
My husband passed away, please stop texting | Please stop texting my phone | stop messaging my phone
I'd like to be taken off your list | Can you take me off your list? | can you please remove me from your list
could you remove my number | would you mind taking me off your list | Please stop reaching out | No more contact please
Do not reply to this number | stop replying | We dont want any texts | I don't need these texts | I don't need your texts
I do not need any more messages | I don't want marketing texts | Please stop with the marketing | Stop advertising to me
stop soliciting me | no soliciting | This is my last warning stop texting me | Already told you to stop | u need to stop
Cease all contact | Remove immediately | Opt out now | Cancel all | CANCEL ALERTS | Revoke consent | no consent
I did not consent to texts, stop | not interested. do not text | Never contact me | I don't want to talk to you. Don't text
lose my info
""")

OPT_OUT_SPANISH = phrases("""
ALTO | basta | Pare | Paren | ya paren | para | detener | cancelar | Cancelar por favor | no mas | NO MÁS | no más mensajes
No mas mensajes por favor | no me manden mensajes | No me mandes más mensajes | no me mande mas textos | Ya no me manden mensajes
ya no manden nada | no me envien mas mensajes | Por favor no me escriban | No me escriban más | no me escribas
no me escriba a este número | no me vuelvan a llamar | ya no me llamen | No me contacten más | no me moleste | no molesten
dejen de molestar | deja de escribirme | Dejen de mandarme mensajes | dejen de enviar mensajes | Deje de llamarme
deja de mandarme textos | quiero dejar de recibir estos mensajes | ya no quiero recibir mensajes | Ya no quiero recibir
no quiero recibir nada | no quiero más mensajes | no quiero que me escriban | No quiero que me contacten
no quiero que me manden mensajes | no deseo recibir promociones | no quiero recibir publicidad | bórrame de la lista
Bórrenme de su lista | quítenme de la lista | Quítame de tu lista por favor | sáquenme de esta lista
elimínenme de su base de datos | Eliminen mi número | borren mi número | borre mi numero por favor | quiero darme de baja
dame de baja | Darse de baja | baja | deme de baja por favor | déjame en paz | dejeme tranquilo | favor de no enviar mensajes
por favor no llamar | no mandar mas mensajes | basta de mensajes | paren de mandar mensajes | alto a los mensajes
cancelar suscripción | cancelen los mensajes | No me interesa, no me escriban más | no gracias, quítenme de la lista
cómo dejo de recibir estos mensajes | Quiero que me borren de la lista | no me sigan mandando mensajes | No me estén llamando
no me esten molestando | ya no me escribas por favor | ya no me busquen | no autorizo que me manden mensajes
revoco mi consentimiento | Me pueden quitar de la lista | ya basta | Ya no mas | ya párenle | no envíen más
no quiero nada de ustedes | no me hablen más | no me marquen | no molestar | eliminar | desuscribir | numero equivocado
No me mande mensajes | No me mandes nada | no mande mas mensajes | No me envíes mensajes | no me envíen nada más
No me envie mas textos por favor | no me sigas escribiendo | no sigan mandando mensajes | no vuelvan a escribir
no vuelvan a llamarme | no vuelva a llamar | No quiero que me estén mandando mensajes | no quiero que me vuelvan a llamar
no quiero que me llamen | ya no quiero que me escriban | no me gusta que me escriban | ya no quiero sus promociones
no quiero publicidad | no quiero recibir más información | no quiero recibir llamadas | No quiero textos | ya no quiero textos
no quiero nada con ustedes | no quiero saber nada de ustedes | No deseo ser contactado | no deseo recibir más mensajes
no necesito sus mensajes | quiten mi numero de su lista | saque mi numero de su lista | Elimine mi contacto | Quite mi número
Bórreme | Bórrame | Elimíneme | Quítame | Sáquenme de ahí | sacame de este grupo | quítenme de su sistema | Remuévame de su lista
Quiero que quiten mi número | quiero que me eliminen | me quiero dar de baja | quiero salir de la lista | quiero salirme de esto
cómo me doy de baja | solicito la baja | de baja por favor | Por favor denme de baja | dar de baja este número | No contactar
no me contacte de nuevo | no me textee | no me texteen más | no mensajes por favor | ni un mensaje más | No llamadas ni mensajes
no moleste más | deje de molestarme | podrían dejar de escribirme | pueden dejar de mandarme mensajes
me gustaría dejar de recibir mensajes | como cancelo los mensajes | Cancelen mi suscripcion | cancela mi suscripción
detengan los mensajes | Deténganse | Alto por favor | Ya párenle con los mensajes | dejen de estar chingando | ya dejen de chingar
no chinguen | ya no me molesten | No me molesten más | No molesten más por favor | no me hable más | dejen de llamar
Deja de llamarme por favor | Deja de mandar mensajes | deja de mandarme textos ya | dejen de mandar tanto mensaje
Dejen de escribir | para de escribirme | para de mandarme mensajes | paren con los mensajes | stop mensajes | no autorizo mensajes
no doy mi consentimiento | no tienen mi permiso | Se equivocó de número | te equivocaste de número | favor de borrarme de la lista
favor de no molestar | Favor de no llamarme más | les pido que no me escriban más | le pido que me quite de la lista
por favor quítenme de la lista de mensajes | no me incluyan en su lista | Olvídense de mi número | pierdan mi número
ya basta de mensajes | no mas llamadas | No más textos | no mas por favor | Ya no mas mensajes | No más SMS | Anular suscripción
Déjenos en paz | ya déjenme en paz por favor | déjeme tranquila | No me manden nada de propaganda | No me envíen nada
No vuelva a escribirme | Sáqueme | Ya no me interesa recibir mensajes | desuscribirme | No me avisen más | No me ofrezcan nada
No me siga mandando cosas | Ya no quiero recibir estos | No quiero ser parte de su lista | Deja de mandarme | Bájenme de la lista
suspendan los mensajes | cero mensajes por favor | Que me borren | bórrenme porfa | ya quítame por favor | Quiten este número
desuscríbanme | No me molesten con promociones | no me estén hablando | No quiero que me texteen | que no me escriban por favor
Le pido que no me mande más mensajes | Ya le dije que no me escriba | Hola, no me mande más textos, gracias
Buenas tardes, por favor ya no me envíen promociones | Dejen de molestar ya | No me llamen ni me escriban
No me llame ni mande mensajes | No me llamen más, gracias | no me estes mandando mensajes | por favor eliminar mi numero
Remover mi número | No me vuelvas a contactar nunca | Nunca más me escriban | nunca me vuelvan a escribir
jamás me vuelvan a llamar | Prefiero no recibir mensajes | Prefiero que no me escriban | Quisiera ya no recibir mensajes
No llame a este número | No marque este número | No usen mi número | Sin mensajes por favor | No quiero promociones ni mensajes
Me gustaría no recibir más mensajes | Dejen mi número en paz | No manden a este número | Nada de mensajes por favor | Suspender
Desactivar | Ya déjenme tranquilo | bloquéenme | favor no mandar mensajes | no me manden cupones | que dejen de mandarme mensajes
No me escriban porque no me interesa | Ya no me estén escribiendo por favor | Podrían quitarme de la lista | ¿Me pueden dar de baja?
Por favor sáqueme de la lista de contactos | No mande mensajes a este número | Ya no mandes mensajes | No envíe mensajes
no envies nada | Ya no escriban | No escriban a este número
""")

LOOKALIKE_ENGLISH = phrases("""
stop by tomorrow | Can you stop by at 3? | please stop by the house | Could you stop by after 5 pm? | cancel my 3 pm
Cancel my appointment please | I need to cancel tomorrow's appointment | can you stop the leak | how do I stop the leak
The water won't stop running | it won't stop dripping | my toilet won't stop running | don't stop | please don't stop
don't stop texting me | end of the week | by the end of the day | near the bus stop on 5th | remove the old roof
can you remove the tree stump | remove the fridge from the list of items | take the couch off the list | quit working
the heater quit working | my AC quit last night | water heater stopped working | it stopped | when will it stop raining | full stop
Yes | Yes please | ok | ok thanks | Please call me | text me when you're on your way | text me the quote | don't call me before 9
don't call me today, I'm at work | please don't call until Monday | Don't text me until tomorrow | Don't call, just text
don't email me, text me | can you text instead of call | don't forget to text me | don't hesitate to call me
you didn't text me back | You never called me back | why don't you call me | I didn't get your text | I never got your message
did you send me a text? | I have no more questions | There are no more messages | add me to the list | put me on the list
I'm on the waiting list | Take me off the 3 pm slot | I opted out of the warranty | I want to opt out of the extended warranty
Is there a cancellation fee? | when does it end | My lease ends in June | stop at the gate and call me
I'm at a stop light, will text you in 5 | we had to stop work because of rain | stop the work please | who is this?
what's your address | do you do gutters | How much for a roof | I need a quote for 2000 sqft | can someone come out today
leave it at the door | leave the gate alone | I left a message | My number is 303-555-0123 | remove the tile and replace
please don't remove the shingles | we don't want the big one | I don't want to pay that much | I don't need the gutters
I don't want to wait | don't worry about it | don't send anyone before noon | don't send the invoice to my old address
Please don't send a crew on Sunday | not today | not yet | never mind | nevermind | delete the second quote
Please cancel the order | the line is busy | is this a real person | how did it end up | I'll stop in later
Do you do one stop remodeling | don't want to stop the project | end unit on the left | quit claim deed | please revoke the permit
the text you sent was blank | your message was cut off | turn off the water | Turn off the water before you come
shut off valve is stuck | no calls after 8 please text | alto voltaje | planta baja | salir temprano
Liked “Hi, this is Summit Roofing. Reply STOP to opt out” | What does reply STOP to opt out mean | HELPful thanks
I need help with my roof | information about prices | start Monday | when can you start? | We can start next week | I'm not home
don't text and drive lol | please do not park in the driveway | I can't text right now | never been happier | we quit the lease
My husband doesn't want texts at work but I do | Could you please stop over on Friday? | Stop at 123 Main St | the water stopped
Yes please stop by this afternoon | it's leaking nonstop | next stop is ours | put a stop valve | I need a stop valve replaced
one stop shop? | the stop sign on the corner | stops leaking sometimes | trying to stop the flooding
We want to stop water from coming in | Need you to stop by and look | I want you to stop by | will you stop by today
You can stop by anytime | can't stop it from dripping | I'll cancel the other guy | I had to cancel with the other company
cancel the second visit only | Can we cancel tomorrow and do Friday | please cancel my quote request | cancel it
Quit smoking years ago, any discount? | We quit using that company | end of month works | The end | At the end of the driveway
rear end of house | remove the carpet | remove and replace deck | can you remove wallpaper | How much to remove a tree
removal of old shingles | remove my old water heater | remove me from the 3pm slot | take me off the schedule for Tuesday
take the old one off | take off my shoes? | Don't remove the fence | I don't text while driving, call me | I can't text at work
please don't call after 9pm | dont call me at work | don't call my wife, call me | Don't contact my landlord
please don't email, text is better | no calls please text only | no need to call back, all set | I don't want to cancel
I don't want to be a bother | I don't want the cheap ones | I dont want to receive the shipment until May
i never received your text | I have not received a call | you didn't call me | you did not text me | why haven't you called me
if you don't call me by 5 I'm going elsewhere | haven't heard from you | I would like to hear from you | please call me back
we never got the message | did you get my message? | send me a message when done | please text me | text is fine
Text me at this number | my number changed | this number is a landline | that's not what I wanted
is this the right number for plumbing? | do I have the wrong number? | wrong color | wrong address, it's 45 Oak
my info is on the form | delete that last text, I meant 4pm | unsure | nope | not really | maybe later | not now | too expensive
I'm good thanks | we went with someone else | already hired someone thanks | I'll pass | ok bye | see you then | leave a message
leave it by the gate | left you a voicemail | sounds good leave the keys | alone in the house at 3 | block off the driveway
the drain is blocked | toilet is blocked | report is attached | enough for 2 rooms | is 500 enough? | do you spam people lol
he said stop by whenever | they told me you stop at noon | off ramp near exit 5 | Off | turn off the gas | please turn off the main
put me on your list | add me to your mailing list | am I on the list? | price list please | waiting list? | start over | start at 8
how do I start | info on pricing | help with a leak | Please help! | no more delays please | there's no text on the sign
text from the city says otherwise | He never calls | revoke permit | I opt for the cheaper | opt out of the maintenance plan
consent form signed | do not use bleach | do not park there | do not enter from the back | don't come today | don't send him
don't send anybody | don't send me the bill yet | never received anything | never late | subscription box arrived | techo alto
deja te mando la foto | dejen todo limpio | deja de funcionar cada rato | Stop the sprinklers | Stop watering my lawn
stop mowing on Mondays | Please stop cutting so short | Stop coming on Tuesdays | please stop the autopay | stop charging my card
Please stop service at 12 Elm | stop delivery next week | remove the second room | don't text the tenant | Don't call the office
don't contact my insurance | don't message my wife | don't send the crew Monday | dont send Mike again
Please don't send that guy again | cancel Friday | cancel my lawn service | cancel the autopay | end the contract
Quit cutting my flowers | quit mulching | unplug it | Can I opt out of the fall cleanup | opt out of mulch this year
we can stop at your office | the kids stop at 3 | I will stop and get it | hold on I need to stop at the bank
Stop when you reach the gate | stop after the second coat | please stop painting | don't call yet | Do not call before 10
text only please | please text, don't call | Don't call, text | call only please | I'd rather text | I prefer text
email me don't call | I don't like phone calls, text me | I never answer calls | no quiero llamadas, solo textos
""")

LOOKALIKE_SPANISH = phrases("""
no | No thanks | call me tomorrow | nobody called me | send me a list | No message was left | no text yet | para mañana
para el lunes | para mí está bien | para mi casa | pare en la esquina | Pase mañana | no me llame hoy, mañana sí
no me llamen antes de las 9 | no me llame, escríbame | mejor escribame por texto | no me llamo Juan | no me llamaron
no me escribieron | ustedes no me llaman | no me han mandado la cotización | no me mandaron nada | No me mande el recibo
no me mande a Juan | cancelar la cita | quiero cancelar mi cita del lunes | quitar el techo viejo | hay que quitar el árbol
el techo es muy alto | basta con dos | la baja del precio | deja el material en la puerta | dejen las llaves con el vecino
dejó de funcionar | el agua no para | no para de gotear | no dejen de llamarme | no deje de avisarme | quiero más información | sí
no gracias | gracias | no puedo hoy | no más dos cuartos | nomás el baño | quítenme las ramas del árbol | borra la foto por favor
al fin | fin de semana | cuánto cuesta | mándeme un mensaje | no se preocupe | no quiero el grande | no quiero esperar
No recibí el mensaje | no recibí mensaje | ¿Puede parar la fuga? | el carro se paró | parada del bus | me interesa
terminar el trabajo | no me mandes la factura por correo | help me | yes call me | no need to text me back | never called me
nobody texted me back | no more than 500 | no more leaks | no further questions | no problem | No message | para el viernes
para qué hora? | Es para mañana | para nada | para llamar a la oficina? | para escribirle a usted | pare en la entrada
¿para cuándo? | no para de llover | la fuga no para | para eso les llamé | parada de camión | parar la fuga por favor
basta con pintar | cancela la de las 3 | tengo que cancelar la cita | cancelar mi visita de mañana | cancelo por hoy
se canceló la boda | quite la alfombra | quitar la pintura vieja | quíteme la duda | quítenme el árbol | bórreme el segundo renglón
bórralo | eliminar las termitas | elimine el moho | sáqueme una cita | saquen la basura | sáqueme un presupuesto
me sacan el árbol mañana? | me quitan el techo viejo? | baja presión de agua | la llave de abajo | dar de baja la luz
no me llame mañana | no me hablen en la mañana, trabajo de noche | no me marque al trabajo | No me llame, mándeme mensaje
no me llamen mejor texto | no me escriba al correo | no me mande correo, texto mejor | no me mande fotos borrosas
no me manden más material | no me mande al mismo muchacho | no mande a nadie hoy | No me manden trabajadores el domingo
no me envíe la factura aún | no me envíen el contrato por correo | no me ha llamado nadie | nadie me llama | no me llegó el mensaje
no me llegan sus mensajes | no he recibido mensajes | no recibí su llamada | no tengo mensajes | no se moleste | no te molestes
no es molestia | no quiero molestar | para no molestarlo | No quiero cancelar | no quiero esperar más
no quiero que vengan el lunes | no quiero que lo pinten rojo | no quiero gastar mucho
no quiero información del techo, quiero del piso | ya no gotea | ya no funciona | ya no sirve | ya no hay luz
no más tardar el lunes | no más de 500 | solo dos nomás | nomás quiero saber el precio | dejé un mensaje
deje el mensaje con mi esposa | deje mensaje | le dejo un mensaje | déjeme ver | déjeme llamar a mi esposo | déjame preguntar
dejó de salir agua | no deje de venir | no dejen de mandarme la cotización | salir de vacaciones | sale agua | el fin de semana
fin de mes | termine el lunes | terminar el baño | suficiente espacio | el drenaje está bloqueado | tengo ratas en el ático
me retiro gracias | le mando un mensaje | mándeme información | ayuda con una fuga | necesito ayuda | empezar el lunes
¿cuándo pueden empezar? | iniciar mañana | No me escriba a mi correo, use este | No me llame antes de las 8 | Quíteme la rama
Ya no me mande el camión | Bórreme del jueves | No me mande mensaje el domingo | Ya no necesito el servicio | No quiero más tierra
No quiero que me manden al mismo | No me mande nada hasta el lunes | No quiero el servicio | Cancelen el servicio
Ya no quiero el corte de pasto | Quítenme el servicio del martes | no me envíe a nadie | no me envíen el mismo camión
no me manden la cuenta al correo | no me llame por favor hasta las 5 | Quite la basura | Sáquenme la basura del patio
bórreme de las 10 y póngame a las 2 | Cancele lo del lunes | no escriba cheque | No me cobre la visita | no me deje esperando
No me dejen el portón abierto | paren a las 5 | pare la bomba por favor | para el carro aquí | alto ahí va el camión | no mas agua
No más árboles | no quiero más plantas | Elimine la maleza | elimínenme las hormigas | no more mowing | no more mulch
No llamadas, mejor texto | Deje de llamar y mándeme texto | No me mande nada de material todavía
No me envíen nada a la casa hasta el lunes | Borre mi número viejo y ponga este | No me llame a mí, llame a mi esposo
No me hable de usted | No me lo mande todavía | No use cloro en el patio | No usen mi baño | No tengan prisa
No me escriban en inglés | no me mande a nadie | bájeme tantito el precio | Bájele al precio | quiero bajar de peso
no marque la pared
""")

UNCLEAR = phrases("""
not interested | No me interesa | this is harassment | how did you get my number | I never signed up for this
don't text me, call me | I'm reporting you | fuck you | who gave you my number | STOP texting me at work | too many texts
ya no quiero | Stop you are annoying | do not want | No calls | the sign says stop | alto, como 3 metros
no me mande mensajes, llámeme
""")


@pytest.mark.parametrize("text", OPT_OUT_ENGLISH)
def test_english_opt_outs(text: str) -> None:
    assert read_reply(text=text).kind == "opt_out"


@pytest.mark.parametrize("text", OPT_OUT_SPANISH)
def test_spanish_opt_outs(text: str) -> None:
    reading = read_reply(text=text)
    assert (reading.kind, reading.lang) == ("opt_out", "es")


@pytest.mark.parametrize("text", LOOKALIKE_ENGLISH + LOOKALIKE_SPANISH)
def test_lookalikes_and_ordinary_replies_neither_suppress_nor_hold(text: str) -> None:
    assert read_reply(text=text) == Reading("other", "", "")


@pytest.mark.parametrize("text", UNCLEAR)
def test_doubtful_words_hold(text: str) -> None:
    reading = read_reply(text=text)
    assert reading.kind == "unclear"
    assert reading.rule


@pytest.mark.parametrize(
    "form",
    ["Hi, please {} ok? Thanks", "{} please", "{}!!!", "  {}\n\n", "{}. Thank you.", "Hola, {} gracias", "OK {} \U0001f620"],
    ids=range(7),
)
def test_courtesy_case_and_emoji_change_nothing(form: str) -> None:
    for text in OPT_OUT_ENGLISH + OPT_OUT_SPANISH:
        for said in (form.format(text), form.format(text).upper(), form.format(text).lower()):
            assert read_reply(text=said).kind == "opt_out", said


@pytest.mark.parametrize("form", ["Hi, {} ok? Thanks", "{}!!!", "  {}\n\n", "{}. Gracias"], ids=range(4))
def test_courtesy_case_and_emoji_do_not_make_an_opt_out(form: str) -> None:
    for text in LOOKALIKE_ENGLISH + LOOKALIKE_SPANISH:
        for said in (form.format(text), form.format(text).upper(), form.format(text).lower()):
            assert read_reply(text=said).kind == "other", said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", Reading("opt_out", "keyword", "en")),
        ("stop.", Reading("opt_out", "keyword", "en")),
        ("St0p", Reading("opt_out", "keyword", "en")),
        ("s.t.o.p", Reading("opt_out", "keyword", "en")),
        ("Stoooppp!!", Reading("opt_out", "keyword", "en")),
        ("\U0001f6d1", Reading("opt_out", "stop-sign", "")),
        ("ALTO", Reading("opt_out", "keyword", "es")),
        ("no más mensajes", Reading("opt_out", "no-mas-mensajes", "es")),
        ("Please stop texting me", Reading("opt_out", "stop-contacting", "en")),
        ("Kindly take me off your list", Reading("opt_out", "off-the-list", "en")),
        ("Not interested, remove", Reading("opt_out", "not-interested+keyword", "en")),
        ("arrêtez", Reading("opt_out", "keyword", "en")),
        ("ne m'écrivez plus", Reading("opt_out", "arret", "fr")),
        ("não quero receber", Reading("opt_out", "pare", "pt")),
        ("HELP", Reading("help", "keyword", "en")),
        ("ayuda", Reading("help", "keyword", "es")),
        ("Please help!", Reading("other", "", "")),
        ("START", Reading("opt_in", "keyword", "en")),
        ("unstop", Reading("opt_in", "keyword", "en")),
        ("yes", Reading("other", "", "")),
        ("", Reading("other", "", "")),
        ("\x00\ud800", Reading("other", "", "")),
    ],
)
def test_the_rule_is_evidence(text: str, expected: Reading) -> None:
    assert read_reply(text=text) == expected


@pytest.mark.parametrize(("opt_out_type", "kind"), [("STOP", "opt_out"), ("start", "opt_in"), (" HELP ", "help")])
def test_what_the_provider_decided_wins(opt_out_type: str, kind: str) -> None:
    reading = read_reply(text="see you at 3", opt_out_type=opt_out_type)
    assert (reading.kind, reading.rule) == (kind, f"provider:{opt_out_type.strip().lower()}")


def test_an_unknown_provider_verdict_is_ignored() -> None:
    assert read_reply(text="STOP", opt_out_type="MAYBE").kind == "opt_out"


def test_our_own_words_sent_back_are_not_an_opt_out() -> None:
    ours = "Hi, this is Summit Roofing. Sorry we missed your call! Reply STOP to opt out, HELP for help."
    for text in (
        f"Liked \u201c{ours}\u201d",
        f'Loved "{ours}"',
        f"Le gustó \u201c{ours}\u201d",
        f"Reacted \U0001f44d to \u201c{ours}\u201d",
    ):
        assert read_reply(text=text).kind == "other", text


def test_an_opt_out_at_the_end_of_a_long_message_is_found() -> None:
    assert read_reply(text="I told your crew about the roof. " * 200 + "Now please stop texting me").kind == "opt_out"


@given(st.text(max_size=300))
def test_reading_never_raises_and_is_deterministic(text: str) -> None:
    assert read_reply(text=text) == read_reply(text=text)


@given(st.lists(st.sampled_from("stop no me dont want the list please no mas mensajes de texting remove from | , .".split()), max_size=120))  # noqa: SIM905
def test_hostile_repetition_is_read_in_bounded_time(words: list[str]) -> None:
    assert read_reply(text=" ".join(words)).kind in ("opt_out", "unclear", "help", "opt_in", "other")
