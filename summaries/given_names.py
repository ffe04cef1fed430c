"""First names that people bear, folded: most common in the United States and Mexico, and a spread of other countries.

Only a hint: a name found by this list alone is a guess, and a customer's own name is compared separately.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from typing import Final

GIVEN: Final = frozenset(
    """
    james robert john michael david william richard joseph thomas christopher charles daniel matthew anthony mark donald steven andrew paul joshua kenneth
    kevin brian timothy ronald george jason edward jeffrey ryan jacob nicholas gary eric jonathan stephen larry justin scott brandon benjamin samuel gregory
    alexander patrick frank raymond jack dennis jerry tyler aaron jose adam nathan henry zachary douglas peter kyle noah ethan jeremy christian walter keith
    austin roger terry sean gerald carl dylan harold jordan jesse bryan lawrence arthur gabriel bruce logan billy joe alan juan elijah willie albert wayne
    randy mason vincent liam roy bobby caleb bradley russell lucas jake mike dave steve chris matt tony andy josh ken tim ron jeff greg ben sam pat ray dan
    jim bob tom bill will rob rick nick alex luke ted fred ed doug phil stan glenn glen curtis clarence craig shawn todd travis chad derek derrick marcus
    martin melvin leonard leroy lewis louis lloyd leon leo lance lamar kurt kirk karl julian johnny jon joel jimmy jay javier jared jaime ivan isaac ian hugh
    howard hector harvey harry gordon gilbert gene fernando felix evan eugene ernest erik emmanuel elmer edwin eduardo edgar earl dustin duane dwayne dwight
    dean darryl darrell darren dale corey cory cody clyde clifford clinton cesar cecil casey carlos calvin byron brett brent brad bernard barry armando antonio
    angel andre allen alfred alfredo alejandro alberto adrian abel abraham ali ahmed mohammed muhammad omar hassan hussein ibrahim khalid yusuf mustafa
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily donna michelle carol amanda
    melissa deborah stephanie rebecca sharon laura cynthia dorothy amy kathleen angela shirley emma brenda pamela nicole anna samantha katherine christine helen
    debra rachel carolyn janet maria catherine heather diane olivia julie joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah
    megan cheryl jacqueline martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean alice judy isabella julia grace amber denise danielle
    marilyn beverly charlotte natalie theresa diana brittany doris kayla alexis lori marie tina tammy tracy dana wendy kim jen jenny jess liz beth kate katie
    kathy cathy cindy sandy debbie becky sue peggy vicky vicki sally rose ruby pearl hazel ella eva ava mia zoe chloe lily grace hope faith joy dawn april june
    sherry sheila shannon robin rhonda renee regina phyllis paula pauline norma nina nora naomi monica molly miriam mildred melanie maureen maxine marjorie
    marion marcia lucy lucille lorraine lois lillian lillie leslie leah kristin kristen kristina kristine kristy katrina josephine jo joanne joann joanna jill
    jessie jeanne jeanette irene ida holly heidi gladys georgia geraldine gertrude gail florence erin erica erika elsie eleanor elaine eileen edna edith
    dolores darlene daisy crystal connie colleen claire clara charlene carrie carmen camille bonnie bernice bertha bernadette beatrice audrey arlene anne annie
    anita annette alma alicia allison alison agnes adele ada vanessa vera veronica viola violet vivian wanda yolanda yvonne stella sylvia tamara tara thelma
    tiffany toni valerie velma krista madeline mackenzie hailey haley morgan taylor peyton riley avery harper aria luna nora layla scarlett penelope
    jorge luis miguel francisco jesus pedro manuel ricardo roberto sergio raul ramon ruben pablo rafael oscar mario marco marcos mateo santiago sebastian
    diego emilio enrique ernesto esteban felipe gerardo gilberto gonzalo guadalupe guillermo gustavo hugo ignacio isidro joaquin julio leonardo lorenzo
    mauricio maximo nestor nicolas octavio orlando patricio ramiro rene rigoberto rodolfo rodrigo rogelio salvador saul simon tomas ulises vicente victor
    adriana alejandra amalia ana beatriz blanca carla carolina catalina cecilia claudia concepcion consuelo cristina daniela delia dulce elena elisa elvira
    emilia esmeralda esperanza estela esther fabiola fatima fernanda gabriela graciela inez ines irma isabel itzel jimena josefa juana juanita karina laura
    leticia lidia liliana lourdes lucia luisa lupe lupita luz magdalena manuela marcela margarita mariana maribel maricela marisol marta mercedes micaela
    mireya nadia natalia noemi norma ofelia olga paloma paola patricia perla pilar raquel reyna rocio rosa rosario rosalinda roxana silvia sofia soledad
    sonia susana tania valentina valeria veronica ximena yadira yesenia yolanda zulema
    adan agustin arturo benito camilo cristian cristobal dario efrain eliseo fabian fidel german heriberto homero humberto israel lazaro leandro lino macario
    moises noe osvaldo reynaldo rosendo ruperto samuel teodoro tito valentin wilfredo
    hans karl klaus jurgen wolfgang dieter heinz horst gunther stefan andreas matthias sven lars olaf uwe rolf ulrich gerhard friedrich wilhelm otto
    anke anja katja sabine petra monika ursula brigitte gisela ingrid helga renate greta gretchen katharina johanna silke
    jean pierre michel jacques philippe francois alain bernard laurent nicolas olivier pascal thierry etienne gaston marcel henri emile luc yves
    sophie nathalie isabelle sylvie veronique chantal celine aurelie camille manon amelie elodie margaux genevieve simone yvette odette
    giovanni giuseppe antonio mario luigi francesco angelo vincenzo pietro salvatore paolo marco matteo alessandro andrea stefano roberto massimo enzo dino
    giulia chiara francesca elena silvia paola anna giovanna lucia rosa angela teresa carla bianca gabriella rebecca giorgia federica
    joao paulo tiago bruno vitor thiago caio otavio luan murilo leticia larissa beatriz julieta luana luisa vitoria yasmin evelyn rebeca melissa
    lars erik anders jens ole niels soren henrik jorgen kristian kristoffer mads magnus mikkel nikolaj rasmus freja mette maja signe sigrid astrid
    ingrid karin annika birgit gunnar bjorn nils olof axel gustav oskar sven elsa ebba linnea matilda alva selma tove aino eino eero pekka jukka matti
    juhani mikko antti timo kari heikki seppo tuula liisa anneli helena sari paivi kirsi hanna satu
    jan piet kees willem hendrik dirk joost bart ruud sander maarten pieter anouk femke sanne lieke fleur marieke
    petr pavel jiri josef jaroslav tomas martin zdenek vaclav milan karel lukas jakub ondrej vojtech marek eva hana lenka katerina lucie vera alena jana
    marie sarka zuzana tereza barbora piotr krzysztof andrzej tomasz pawel jan stanislaw marcin michal grzegorz jerzy wojciech adam zbigniew ewa anna
    malgorzata katarzyna agnieszka barbara krystyna elzbieta maria teresa zofia magdalena joanna jadwiga bozena
    istvan laszlo zoltan sandor gabor ferenc attila peter tamas zsolt tibor andras csaba imre erzsebet ilona katalin eva agnes zsuzsanna
    arpad bela gyula lajos miklos balazs
    ivan dmitri dmitry sergei sergey alexei alexey vladimir nikolai mikhail andrei yuri igor oleg boris viktor pavel maxim olga natasha tatiana svetlana
    irina ekaterina elena galina ludmila marina oksana vera yelena ruslan timur
    janez marko luka franc anton jozef matej milan bojan branko dusan goran zoran dragan nikola stjepan tomislav ivana marija katja mojca
    giorgos yannis dimitris kostas nikos christos panagiotis vasilis eleni katerina sofia
    wei ming jun hui yan ling mei xin yu hong chen jing hiroshi takeshi kenji akira satoshi yuki haruka sakura yoko keiko kenta shinji taro naoko
    raj rajesh sanjay vijay amit anil sunil ravi suresh ramesh deepak rahul rohit priya anjali pooja neha kavita sunita lakshmi arjun krishna mohan
    minh anh tuan hung linh thao nguyen duc kim jin min soo hyun ji young sung
    kwame kofi ama abena chidi emeka ngozi amina fatima aisha zainab sipho thabo
    oneil sinead siobhan ciaran niamh aoife eoin padraig seamus conor declan liam rory fiona morag hamish ewan duncan callum kieran caitlin alistair
    """.split()
)

AMBIGUOUS: Final = frozenset(
    """
    will bill mark grace hope faith joy dawn april june may rose ruby pearl pat frank rich art gene jack ray rob nick sue jean violet hazel summer robin drew
    chase chance christian angel jesus jordan israel virginia georgia carolina florence paris sydney austin dallas dale glen dean earl guy king royal
    daisy lily crystal amber jade opal iris ivy olive sandy rusty dusty misty stormy sunny woody buddy sonny miles cliff brook heath lance pierce ford harley
    ali mercedes dolores luz paz consuelo pilar rocio esperanza blanca dulce reyna perla linda kim min an my van long lane wade grant carol bob art
    hui yan ming hong yu jing chen ling mei wei jun young sung ji soo ole jay joe jo charity patience prudence destiny trinity harmony melody
    mason parker hunter carter taylor tyler cooper fisher porter potter turner walker morgan riley skyler logan london brooklyn phoenix madison dakota
    """.split()
)
"""Names that are also everyday words or places: alone they say nothing."""
