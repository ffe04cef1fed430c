"""Words that are no names: everyday English and Spanish, the vocabulary of the trades, and what is capitalised without being a person.

Folded (lower case, no accents). Small on purpose: what is missing here is at worst shown to a person as "a name, perhaps".
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from typing import Final

FUNCTION: Final = frozenset(
    """
    a an the this that these those i me my mine we us our ours you your yours he him his she her hers it its they them their theirs who whom whose
    which what when where why how all any both each every few many more most much no none nor not other others own same several some such only
    and or but if because as until while of at by for with about against between into through during before after above below to from up down in
    out on off over under again further then once here there so than too very can could will would shall should may might must do does did doing
    done don be am is are was were been being have has had having isn aren wasn weren haven hasn hadn won wouldn can't cannot couldn shouldn didn
    doesn ain ok okay yes yeah yep yup nope please thanks thank hi hello hey dear sir madam ma'am bye goodbye sorry excuse pardon well oh ah um uh
    just also still even ever never always often sometimes usually maybe perhaps really quite rather almost already yet now soon later today tonight
    tomorrow yesterday morning afternoon evening night noon midnight day days week weeks weekend month months year years hour hours minute minutes
    one two three four five six seven eight nine ten first second third last next etc re ve ll let lets im ive id ill dont cant wont didnt doesnt
    isnt wasnt whats thats theres u ur r pls plz asap fyi am pm st nd rd th vs per via
    el la los las un una unos unas lo al del de que y o u e en con por para sin sobre entre hasta desde a ante bajo contra segun mi tu su mis tus sus
    nuestro nuestra yo tu usted ustedes el ella ellos ellas nosotros me te se nos le les este esta estos estas ese esa esos esas eso esto aquel aqui
    ahi alli alla hoy ayer manana ahora luego despues antes siempre nunca ya no si muy mas menos mucho mucha muchos muchas poco poca todo toda todos
    todas otro otra otros algo nada alguien nadie cuando donde como cual quien cuanto cuanta porque pero aunque tambien solo es son era fue ser estar
    esta estoy estan estaba hay tiene tengo tenemos tienen tener quiero quiere quisiera puede puedo pueden hacer hace necesito necesita necesitamos
    hola gracias favor buenos buenas dias tardes noches dia semana mes hora saludos disculpe llamar llame llamo urgente ayuda
    """.split()
)

COMMON: Final = FUNCTION | frozenset(
    """
    able accept access accident account across act add address adult advice afraid age agent ago agree air alarm allow alone along amount angry
    animal another answer anybody anyone anything anyway apartment app appear apply appointment appreciate april area arrange arrive ask asked
    asking assist attention attic august aunt auto available average avoid away awesome awful baby back bad bag balance ball bank bar base basement
    basic bath bathroom bay beam beautiful become bed bedroom begin behind believe best better big bill bills birth bit bite black blade block blue
    board boat body boiler book booked booking books boss bot bother bottom box boy branch brand break breaker brick bridge brief bring broke broken
    brother brown bucket budget bug build building burst business busy buy cable call called caller calling calls came cancel candy car card care
    careful carpet carry case cash cat cause ceiling cell center central chain chair chance change charge charges cheap check chief child children
    chimney choice choose city claim class clean cleaning clear click client clock clog clogged close closed clothes club coat code coffee cold
    color come comes coming comment common company compare complain complaint complete concern concerned condition confirm consider contact
    contractor cook cool copper copy corner correct cost costs couch country couple course court cover covered crack cracked crazy crew cross cup
    current customer customers cut cute dad daily damage damaged dark data date daughter dawn dead deal death december decide deck deep degree
    delay deliver delivery dent depend deposit describe desk detail details dial difference different difficult dining dinner direct direction
    directly dirt dirty discount discuss dish disposal ditch doctor document dog door double doubt downtown drain drains drip dripping drive driver
    driveway drop dry dryer dump dust duty early earn earth easier east easy eat edge egg either electric electrical electrician else email
    emergency employee empty end engine enjoy enough enter entire entry error especially estimate estimates event everybody everyone everything
    exact exactly example except exchange exist exit expect expensive experience expert explain exterior extra eye face fact fair faith fall family
    fan far farm fast father faucet favorite february fee feel feet fell fence few field figure file fill film final finally find fine finish fire
    fireplace fish fit fix fixed fixing flash flashing flat flew floor flooded flooding flower fly follow food foot force forget form forward found
    foundation frame frank free freezer freezing fresh friday fridge friend friends from front frozen fuel full fun furnace furniture game garage
    garbage garden gas gate gave general gentle get gets getting gift girl girlfriend give given glad glass go goes going gold gone good got grace
    grand granite grass gray great green grew ground group grow guarantee guard guess guest guide gun gutter gutters guy guys hail hair half hall
    hand handle handy hang happen happened happens happy harbor hard hardwood harry hat hate head health hear heard heart heat heater heating heavy
    height hello help helpful herself high hill himself hire hired history hit hold hole holiday home homeowner honest hope horrible hose hospital
    hot hotel house household houses however huge human hundred hung hunter hurry hurt husband hvac ice idea immediately important impossible inch
    include including info inform information inside inspect inspection install installation installed instead insurance insured interest
    interested interior invite inviting invoice iron issue issues item items itself january jack jean job jobs join joy july june junk keep kept
    key keys kid kids kill kind king kitchen knew knob knock know known lady lake lamp land landlord lane large late lately laugh laundry law lawn
    lawyer lead leak leaked leaking leaks leaky learn least leave leaving led left leg legal less letter level license life lift light lights like
    likely line link list listen little live lived lives living load local location lock locked long look looked looking looks loose lose lost lot
    lots loud love low luck lunch machine made mail main make makes making man manage manager march mark market marriage master material matter
    maximum mean means meant measure meat medical meet meeting member men mess message messages met metal middle mike mile miles milk mind minor
    miss missed missing mistake mix model mold mom moment money monday morning most mother motor mount mouse move moved mover movers moving mrs mr
    ms music name named names natural nature near nearly neat need needed needs neighbor neighborhood neighbors neither nervous new news nice nick
    nobody noise noisy normal north note nothing notice november number numbers october odd offer office offices often oil old open opened opening
    opinion option options order original originally outdoor outlet outside oven owe owner owners pack package packing page paid pain paint painted
    painting pair panel paper park parking part parts party pass past pat patch path patio pay paying payment pearl people perfect period permit
    person personal pest pet phone photo photos piano pick picture pictures piece piled pine pink pipe pipes pitch place plan plant play plenty
    plug plumber plumbing plus point police policy pool poor porch portal possible post pot power prefer present press pressure pretty price
    prices pricing private probably problem problems process product professional project promise proper property protect provide public pull pump
    purple push put quality quarter question questions quick quickly quiet quit quote quotes rain raining raised ran range rat rate rates reach
    read ready real realize reason reasonable receive received recent recently recommend red refer referral referred refrigerator refund regular
    relocate remember remind remodel remove removal rent rental repair repairs replace replaced replacement reply report request requested require
    residential respond rest result return returned review reviews rich ride right ring river road rob robin roof roofer roofers roofing roofs room
    rooms rose rough round ruby rude ruin run running rush rust safe safety sale sales salt sand sat saturday save saw say saying says schedule
    scheduled school scott seal search season seat security see seem seems seen sell send sends sense sent september serious serve service services
    set sewage sewer shape share shed sheet shelf shingle shingles ship shop short shot shout show shower showing shut sick side siding sign signed
    silver similar simple simply since sing single sink sister sit site situation six size skill skylight slab sleep slow small smell smells smoke
    snow soap soft soil solar sold solid somebody someone something sometime somewhere son sore sort sound south space spare speak special spell
    spend spent spot spray spring sprinkler square stain stains stair stairs stand standing star start started state statement station stay steel
    step stick stone stood stop stopped stops storage store storm story stove straight strange street strong stuck stuff stupid suddenly sue
    suggest suite sum summer summit sump sun sunday supply support suppose sure surprise swear sweet switch system table take taken takes taking
    talk tank tap tape tax team tech technician telephone tell temperature tenant tenants terrible test text texted texting than thick thin thing
    things think thought thousand thursday ticket tile till time times tired title together toilet told tom ton took tool top torn total touch
    tough toward town track trade trailer train trash travel treat tree trees tried trip trouble truck true trust truth try trying tub tuesday turn
    turned tv twice type ugly uncle understand unit until update upset upstairs urgent use used user using usual vacation valley valve vent version
    video view violet visit voice voicemail wait waited waiting walk wall walls want wanted wants war warm warranty wash washer waste watch water
    way wear weather web website wednesday weird welcome went west wet whatever wheel whenever whether white whole wide wife wild willing win wind
    window windows winter wire wiring wish within without woman wonder wood word words work worked worker working works world worried worry worse
    worst worth write wrong wrote yard yellow young yourself zero zip
    address addresses assistant battery birthday ceo cfo cto chief contest database economy executive faq fax fee fees
    human internet magazine manufacturer mobile mutual network nobody online password portfolio president profile
    publisher radio release salary secret statement student studio supposed title university username version weekly atm ssn dob
    battery pin iban id pdf url wifi vip diy llc vs tbd tba eta rsvp ps nb aka
    ads answered arrived became called chat commercial conversation estimated explained follow-up gave getting inquired noted reached replied reported
    scheduling sent someone spoke stated thanked visited waited wondered agency bathroom appliance bedrooms condo countertop countertops duplex
    quartz marble slab slabs fabricator stairs truckload movers warehouse duct ducts ac a/c thermostat compressor refrigerant tankless sprinklers
    agua techo casa baño bano cocina fuga gotera tuberia calentador cotizacion presupuesto precio precios cliente clientes negocio trabajo llamada
    mensaje problema reparar reparacion arreglar instalar mudanza muebles cuarto cuartos sala piso ventana puerta emergencia numero nombre direccion
    tarde noche lunes martes miercoles jueves viernes sabado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre
    diciembre mañana senor senora cita visita gusta roto rota grande nuevo nueva viejo vieja mi persona
    """.split()
)

CAPITALISED: Final = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december
    mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec christmas easter thanksgiving halloween hanukkah
    labor memorial veterans independence eve
    english spanish american mexican hispanic latino french italian german chinese google facebook instagram yelp angi angie angie's thumbtack
    nextdoor bing apple android iphone whatsapp gmail yahoo amazon walmart lowes lowe's costco depot zillow craigslist youtube tiktok twitter linkedin
    internet gps pdf usa us u.s america english bbb hoa fha va hud irs epa osha faq sms url ai id tv dvd cd cctv led lcd pvc pex
    ac hvac btu kw amp gfci cpvc abs upvc osb epdm tpo cedar slate gaf certainteed owens corning trane carrier lennox rheem goodman bosch kohler
    moen delta velux uhaul penske pods ups fedex usps crm ceo cfo cto
    ave blvd apt suite inc llc ltd corp
    """.split()
)
