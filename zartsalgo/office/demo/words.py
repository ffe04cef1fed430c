"""What people write to the demo's businesses, per trade: forms, quote requests, replies; and what staff note about calls.

Written as people write: typos, lower case, Spanish, a joke, a complaint. No real person, number or address is in it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Words:
    """One trade's words. `forms` and `quotes` are (service, message); `replies` answer a text-back; `texts` come out of the blue."""

    forms: tuple[tuple[str, str], ...]
    quotes: tuple[tuple[str, str], ...]
    replies: tuple[str, ...]
    texts: tuple[str, ...]
    notes: tuple[str, ...]


ROOFING = Words(
    forms=(
        ("leak repair", "There is a wet spot on the bedroom ceiling since the rain on Tuesday. It is getting bigger."),
        ("leak repair", "hi yea my rooof is leeking prety bad by the chimny can sombody come look"),
        ("hail damage", "We had hail last week and the neighbours already filed with insurance. Can you inspect ours?"),
        ("gutters", "Gutters came loose on the north side, one section hangs down. Two storey house."),
        ("inspection", "We are buying a house and need a roof inspection before closing. When is your next opening?"),
        ("shingle repair", "Several shingles blew off last night, I can see the felt. Photos attached."),
        ("flashing", "Water runs behind the gutter when it rains hard. I think it is the flashing but I am not sure."),
        ("leak repair", "Se está metiendo el agua por el techo de la cocina. ¿Pueden venir esta semana?"),
        ("skylight", "Our skylight drips when the snow melts. It is about 15 years old."),
        ("roof replacement", "Roof is 24 years old and the insurance wants it replaced. Looking for somebody before winter."),
        ("moss removal", "Moss all over the shady side. Is cleaning enough or is it too late?"),
        ("leak repair", "Garage ceiling is dripping onto my truck lol. not urgent but would be nice to fix"),
    ),
    quotes=(
        ("roof replacement", "About 2,400 square feet, asphalt shingles, one layer to tear off. Would like to start in spring."),
        ("metal roof", "Considering standing seam metal for a ranch house, 1,800 square feet, simple gable."),
        ("gutters", "Seamless gutters around the whole house, roughly 160 feet, four downspouts."),
        ("flat roof", "Flat roof over an addition, 20 by 24 feet, ponding in one corner."),
        ("solar prep", "Solar company wants the roof checked and maybe redone first. South side only."),
    ),
    replies=(
        "my roof leaks in two places, can someone come today?",
        "Yes please call me back, its about the hail damage",
        "Yes. Tomorrow after 3 works best for me",
        "I need somebody to look at a leak over the stairs. No rush, this week is fine",
        "hello, is it possible to get an estimate for new gutters",
        "It's ok, I just wanted to confirm thursday at 9",
        "Hola, se me metió el agua por el techo, pueden venir hoy?",
        "I sent pics of the damage to the office email, did you get them?",
        "Can you recomend somebody for siding too?",
        "The tarp you put on came loose, its flapping all night",
    ),
    texts=(
        "Hi, it's about the leak again. It came back after last nights rain.",
        "Here are the fotos of the roof you asked for",
        "Is the crew still coming today? Nobody here yet",
    ),
    notes=(
        "Caller has an active leak over the dining room. Wants an inspection this week. Mentioned an insurance claim.",
        "Asked about hail damage inspection. House built in 1998, original roof. Prefers mornings.",
        "Wants gutters replaced along the back. Comparing two other companies. Asked for a written estimate.",
        "Realtor needs a roof letter before closing. Flexible on the day.",
    ),
)
PLUMBING = Words(
    forms=(
        ("drain cleaning", "Kitchen sink backs up every two weeks. Tried everything from the store already."),
        ("water heater", "No hot water since this morning, pilot light will not stay on. We have a newborn."),
        ("leak repair", "tiolet runs all nite and the floor is wet aroud it pls help"),
        ("leak repair", "Gotea la llave del baño y ya se mojó el piso. Gracias."),
        ("sump pump", "Sump pump makes a loud noise and the basement floor was wet yesterday."),
        ("pipe repair", "There is a brown stain spreading under the upstairs bathroom. I turned the water off."),
        ("faucet", "Need a kitchen faucet put in, we have it already, still in the box."),
        ("inspection", "Buying a brownstone and want the pipes looked at before we sign."),
        ("boiler", "Radiators on the third floor stay cold. Boiler is from 2009 I think."),
        ("drain cleaning", "Shower drains so slow it is a foot bath by the end."),
    ),
    quotes=(
        ("bathroom remodel", "Moving a shower and a sink about four feet. Need the rough-in only, tile is somebody else."),
        ("water heater", "Replace a 50 gallon gas heater, maybe tankless. What would you suggest for four people?"),
        ("repipe", "Two family house, galvanized pipes, pressure is awful upstairs."),
    ),
    replies=(
        "yes water all over the basement floor pls hurry",
        "How much for a new water heater installed?",
        "It's a slow leak under the sink, this week is fine",
        "Can you come saturday morning? I work nights",
        "The boiler makes a banging noise and the kids room is cold",
        "Sí, por favor llámeme después de las 5",
        "I called because your guy was supposed to be here at 10",
        "Nvm found the valve, water is off. still need someone tho",
        "I have pictures of the pipe if that helps",
        "Do you do gas lines?",
    ),
    texts=(
        "The heater you fixed in spring is out again. Unit 4B",
        "Thanks for coming so fast yesterday! One question about the valve, can you call",
        "hi is this bluebird? need a price for 2 toilets swapped",
    ),
    notes=(
        "Basement drain backing up, water about an inch deep. Has the main shut off. Wants someone today.",
        "Asked whether we service tankless heaters. Error code on the display. Can wait until tomorrow.",
        "Landlord with six units, leaking faucet in 2F. Will be there after four.",
        "Low water pressure since the city worked on the street. Wants it checked.",
    ),
)
MOVING = Words(
    forms=(
        ("local move", "Moving a two bedroom apartment, third floor without an elevator. End of the month."),
        ("local move", "studio to studio, few boxes a bed and a desk. shuld be quick"),
        ("piano", "Upright piano from a house to a second floor flat. Street parking is tricky."),
        ("storage", "Need to store everything for two months between leases."),
        ("packing", "My mother is moving to assisted living and we need help with packing. Please be patient with her."),
        ("local move", "Somos cuatro, departamento de dos recámaras, queremos mudarnos el sábado."),
        ("office move", "Twelve desks and a server rack, has to happen over a weekend."),
        ("junk removal", "Old couch and a treadmill that has never been used. Can you take them when you move us?"),
        ("local move", "Closing date moved again, can we keep the date open for now?"),
    ),
    quotes=(
        ("long distance", "Three bedroom house from Los Angeles to Portland, flexible by a week."),
        ("local move", "One bedroom, 12 miles, elevator on both ends, we pack ourselves."),
        ("long distance", "Moving to Phoenix for a job, about 40 boxes and furniture for one room. Company pays."),
        ("office move", "Law office, 30 file cabinets. Needs certificate of insurance for the building."),
        ("local move", "Four bedroom house, two cars in the way, one nervous cat."),
        ("storage", "10 by 10 unit to be emptied and brought to the new place in two weeks."),
    ),
    replies=(
        "Yes, moving on the 28th, how many movers would I need?",
        "Do you have anything free this saturday??",
        "just need a ballpark for a 1 bedroom, same building lol",
        "I have photos of the stairs, where do I send them",
        "Can your guys take apart a bunk bed",
        "Llámeme por favor, es para este fin de semana",
        "The date changed to the 3rd, is that ok",
        "Is the deposit refundable if the closing falls through?",
    ),
    texts=(
        "Running 20 min late with the keys, sorry!!",
        "Your crew left a box of plates in the truck I think",
        "Can we add a second stop on friday?",
    ),
    notes=(
        "Two bedroom, both ends with stairs, wants a Friday. Owns a piano, not sure whether it comes along.",
        "Asked about packing service for a whole house. Moving in three weeks. Husband will decide.",
        "Military family, needs weight tickets. Date is fixed.",
    ),
)
SUPPLY = Words(
    forms=(
        ("slab availability", "Do you have three slabs of absolute black in 3 cm? Needed for a lobby desk."),
        ("samples", "Please send samples of your honed limestone, 4 by 4 inch, two of each."),
        ("account", "We would like to open a trade account. Who do I send the resale certificate to?"),
        ("delivery", "Two pallets of bluestone arrived with cracked pieces. Need replacements before the crew comes on Thursday."),
        ("slab availability", "looking for calacatta gold 2cm bookmatched, 4 slabs min, pls advise"),
        ("pavers", "Client wants permeable pavers for a 900 square foot driveway. What do you stock?"),
    ),
    quotes=(
        ("countertop slabs", "RFQ: 14 slabs quartzite 3 cm, polished, delivered to the fabricator, two drops. Lead time?"),
        ("pavers", "Need pricing on 3,200 square feet of tumbled pavers in charcoal, delivered in two loads."),
        ("wall cladding", "Thin veneer for a retail front, 1,150 square feet plus 96 linear feet of corners. Spec sheet attached."),
        ("countertop slabs", "Multi-family project, 48 kitchens, one colour, quartz 2 cm. Certification for the VOC limits is required."),
        ("steps and coping", "Sixty linear feet of bullnose coping and six treads, thermal finish."),
        ("pavers", "Repeat of the last order, same colour, 1,800 square feet. Did the minimum order change?"),
        ("stone veneer", "Quote for ledgestone, three pallets, pick-up by our truck."),
        ("countertop slabs", "Two slabs of soapstone, need to see them first. Is the yard open Saturday?"),
    ),
    replies=(
        "Calling about the PO from monday, need a ship date",
        "yes pls call, our driver is at your gate",
        "Can you match last years price on the charcoal pavers?",
        "Need the spec sheet for the veneer, email is fine",
        "Is the minimum still 5 slabs? We only need 3",
    ),
    texts=("Truck is here, dock 2 is blocked", "Pls confirm the bluestone is loaded for tmrw"),
    notes=(
        "Contractor asked for the ship date of an open order. Crew is scheduled for next week.",
        "New fabricator, wants to visit the yard and see quartzite lots before quoting a lobby.",
        "Landscaper short two pallets, wants to pick up tomorrow before seven.",
    ),
)
OF_TRADE = {"roofing": ROOFING, "plumbing": PLUMBING, "moving": MOVING, "stone supply": SUPPLY}

# Ways to say stop, as they really come.
STOPS = (
    "STOP",
    "please stop texting me",
    "no mas mensajes por favor",
    "Wrong number, I never called you people",
    "no thank you, we found someone. pls dont text again",
    "Unsubscribe me plz",
    "take me off your list",
)
UNCLEAR = ("ok thats enough", "not interested")
ANGRY = "This is the third time I call. Nobody EVER picks up. Ridiculous."
PRICE = "How much do you charge just to come out and look?"
NIGHT = "sorry its late but the ceiling just started dripping again, are you open tomorrow?"
SPAM = (
    ("SEO Growth Team", "Dear owner, we checked your website and found 47 errors. We rank you number 1 on Google in 10 days, guaranteed."),
    ("Crypto Desk", "Earn passive income from home!!! Limited seats, answer now to claim your bonus."),
)
SOURCES = ("Google Ads", "Google Business Profile", "Website", "Google Organic", "Yelp", "Direct mail", "Nextdoor")
SOURCE_WEIGHTS = (30, 24, 18, 10, 8, 4, 6)
REJECTED = "Already talked to them on the phone"
STAFF_NOTES = (
    "Left a voicemail, will try again after lunch.",
    "Sent the booking link by email. They want to talk to their partner first.",
    "Very friendly. Asked for the same technician as last time.",
    "Gate code is needed, ask when confirming.",
)
