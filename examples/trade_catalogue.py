"""What the trading company of examples/trade sells, buys from whom and sells to whom. Everything is invented."""

from sampling import Phones
from crm_words import FAMILY, GIVEN

COUNTRY_TAX = {"DE": None, "AT": 0, "NL": 0, "IT": 0}

# Category, code, suppliers, tax, unit, valuation, sizes with their cost in percent of the first, cost in cents, margin in percent, weight.
FAMILIES = [
    ("Coffee", "KA", (0, 1, 2), 7, "bag", "fifo", (("250 g", 100), ("1 kg", 375)), (310, 540), (34, 42), 30,
     ["House blend", "Breakfast blend", "Espresso Nero", "Espresso Crema", "Sidamo", "Yirgacheffe", "Huehuetenango", "Antigua", "Supremo", "Santos",
      "Mogiana", "Mandheling", "Toraja", "Blue Nile", "Kivu", "Chanchamayo", "Jinotega", "Marcala", "Peaberry", "Decaf espresso", "Decaf blend",
      "Organic Honduras", "Organic Peru", "Harbour roast", "Winter roast", "Light roast no. 4"]),
    ("Tea", "TE", (3, 4), 7, "pack", "fifo", (("100 g", 100), ("500 g", 410)), (240, 620), (36, 46), 14,
     ["Assam", "Darjeeling first flush", "Darjeeling second flush", "Ceylon", "East Frisian blend", "Earl Grey", "English breakfast", "Sencha",
      "Gunpowder", "Jasmine", "Genmaicha", "Oolong", "Pai mu tan", "Rooibos", "Rooibos vanilla", "Peppermint", "Camomile", "Fennel", "Fruit blend",
      "Winter spice", "Ginger lemon", "Lapacho", "Hibiscus", "Mate"]),
    ("Syrup", "SI", (5,), 19, "bottle", "fifo", (("0.7 l", 100),), (340, 430), (34, 42), 10,
     ["Vanilla", "Caramel", "Hazelnut", "Almond", "Cinnamon", "Coconut", "Chocolate", "Peppermint", "Amaretto", "Salted caramel", "Gingerbread", "Pumpkin",
      "Elderflower", "Rhubarb", "Chai", "Sugar"]),
    ("Biscuits", "GB", (6, 7), 7, "box", "fifo", (("", 100),), (390, 980), (30, 38), 12,
     ["Shortbread", "Caramel biscuits", "Amarettini", "Cantuccini", "Oat biscuits", "Almond crescents", "Spiced biscuits", "Chocolate squares",
      "Nougat bites", "Marzipan bites", "Waffles", "Butter rings", "Coconut macaroons", "Ginger nuts", "Honey cakes", "Nut corners", "Fruit bars",
      "Cheese straws", "Salted pretzels", "Lemon drops", "Chocolate beans", "Cocoa powder"]),
    ("Sugar and milk", "ZM", (7,), 7, "carton", "moving_average", (("", 100),), (520, 1450), (26, 34), 16,
     ["Sugar sticks", "Brown sugar sticks", "Sugar cubes", "Sweetener", "Coffee cream", "Oat drink", "Soy drink", "Almond drink", "Long-life milk", "Honey sticks"]),
    ("Paper cups", "PB", (8,), 19, "sleeve", "moving_average", (("", 100),), (290, 1190), (32, 40), 22,
     ["Cup 100 ml", "Cup 200 ml", "Cup 300 ml", "Cup 400 ml", "Lid small", "Lid large", "Double-wall cup 200 ml", "Double-wall cup 300 ml",
      "Compostable cup 200 ml", "Compostable cup 300 ml", "Compostable lid", "Cup carrier", "Napkins", "Stirrers", "Straws, paper", "Bags, kraft"]),
    ("China", "PZ", (9,), 19, "piece", "fifo", (("", 100),), (260, 890), (36, 44), 6,
     ["Espresso cup", "Espresso saucer", "Cappuccino cup", "Cappuccino saucer", "Latte bowl", "Mug, white", "Mug, blue", "Tea cup", "Tea saucer", "Teapot 0.4 l",
      "Teapot 1.2 l", "Milk jug", "Sugar pot", "Water glass"]),
    ("Filters", "FI", (8, 10), 19, "pack", "moving_average", (("", 100),), (180, 690), (34, 42), 12,
     ["Paper filter no. 2", "Paper filter no. 4", "Basket filter 90/250", "Basket filter 110/360", "Tea filter S", "Tea filter L", "Cloth filter", "Permanent filter",
      "Water filter cartridge", "Water filter head"]),
    ("Machines", "MA", (11, 12), 19, "piece", "fifo", (("", 100),), (28_900, 189_000), (22, 28), 1,
     ["Filter machine F1", "Filter machine F2", "Thermal brewer T5", "Espresso machine E1", "Espresso machine E2", "Espresso machine E3", "Bean-to-cup B20",
      "Bean-to-cup B40", "Bean-to-cup B80", "Water boiler W5", "Water boiler W10", "Milk fridge M4", "Cup warmer C60", "Hot chocolate dispenser H5"]),
    ("Grinders", "MU", (11,), 19, "piece", "fifo", (("", 100),), (11_900, 64_000), (24, 30), 1,
     ["Grinder G50", "Grinder G64", "Grinder G83", "Shop grinder S1", "Shop grinder S2", "Hand mill", "On-demand grinder D1", "On-demand grinder D2"]),
    ("Spare parts", "ET", (12, 13), 19, "piece", "fifo", (("", 100),), (240, 7_900), (38, 48), 4,
     ["Gasket 57 mm", "Gasket 73 mm", "Shower screen", "Portafilter, one spout", "Portafilter, two spouts", "Basket 7 g", "Basket 14 g", "Basket 21 g", "Steam tip",
      "Steam valve", "Pump 48 W", "Pump 70 W", "Pressure gauge", "Heating element", "Solenoid valve", "Burr set 50 mm", "Burr set 64 mm", "Burr set 83 mm",
      "Drip tray", "Water tank"]),
    ("Cleaning", "RE", (10,), 19, "tin", "fifo", (("", 100),), (490, 1_690), (36, 44), 9,
     ["Machine cleaner", "Cleaning tablets", "Milk system cleaner", "Descaler", "Grinder cleaner", "Group brush", "Blind filter", "Microfibre cloths"]),
    ("Accessories", "ZU", (9, 13), 19, "piece", "fifo", (("", 100),), (390, 4_900), (36, 46), 5,
     ["Tamper 57 mm", "Tamper 58 mm", "Tamping mat", "Knock box", "Milk pitcher 0.35 l", "Milk pitcher 0.6 l", "Milk pitcher 1 l", "Thermometer", "Scale", "Timer",
      "Dripper V1", "Dripper V2", "French press 0.35 l", "French press 1 l", "Moka pot 3 cups", "Moka pot 6 cups", "Gooseneck kettle", "Cocoa shaker"]),
]

SUPPLIERS = [
    ("Rösterei Elbkai GmbH", "DE", 6), ("Torrefazione Ligure S.r.l.", "IT", 14), ("Kaffeekontor Speicherstadt KG", "DE", 5), ("Ostfriesen Teeimport GmbH", "DE", 7),
    ("Theehuis Maaskade B.V.", "NL", 10), ("Sirupwerk Harz GmbH", "DE", 8), ("Biscotti Arno S.p.A.", "IT", 16), ("Feinback Weser GmbH", "DE", 6),
    ("Papierwerk Leine AG", "DE", 9), ("Porzellan Fichtelberg GmbH", "DE", 18), ("Reinwasser Technik GmbH", "DE", 7), ("Macchine Adda S.r.l.", "IT", 24),
    ("Brühtechnik Neckar GmbH", "DE", 20), ("Teilehandel Ruhr KG", "DE", 5),
]

KINDS = [
    ("Café", "Hospitality", ["Morgenrot", "Lindenblick", "Kornblume", "Am Anger", "Zeitlos", "Rotkehlchen", "Mondschein", "Fjord", "Goldregen", "Siebenschläfer",
                             "Nordstern", "Quittenbaum", "Wolkenlos", "Zur alten Waage", "Kleeblatt", "Sonnenuhr", "Hafenlicht", "Apfelgarten", "Windspiel", "Treppenhaus"]),
    ("Bäckerei", "Food retail", ["Krusthoff", "Mehlmann", "Ährenfeld", "Hefeweg", "Salzbrenner & Sohn", "Ofenfrisch Lüder", "Kornkammer", "Backstube Dröge", "Laibnitz", "Brotzeit Nord"]),
    ("Hotel", "Hospitality", ["Seeadler", "Am Wallgraben", "Drei Linden", "Leuchtfeuer", "Alte Post", "Strandkrone", "Zum Anker", "Waldfrieden", "Bellavista", "Königshof Nord"]),
    ("Büro", "Business services", ["Lindqvist & Partner", "Architekten Sandkamp", "Steuerkanzlei Ohlendorf", "Ingenieure Brandt-Weiss", "Agentur Fernblick", "Softwarehaus Taktgeber",
                                   "Kanzlei Vossberg", "Planungsgruppe Elbe", "Verlag Sieben Meere", "Labor Kessler", "Logistik Hansekontor", "Praxis Dr. Amsel", "Coworking Speicher 4",
                                   "Stiftung Morgenland", "Maklerkontor Thiele"]),
    ("Restaurant", "Hospitality", ["Zur Mühle", "Olivenhain", "Fischerhütte", "Rossini", "Kupferkanne", "Gasthof Hirschwinkel", "Brauhaus Nordtor", "La Piazzetta", "Weinstube Rebenfels", "Kombüse"]),
    ("Laden", "Food retail", ["Unverpackt Nord", "Feinkost Albers", "Hofladen Petersen", "Teestübchen Wieck", "Kaufladen Immergrün", "Regionalmarkt Geest", "Delikatessen Fabian",
                              "Biomarkt Ahorn", "Geschenkhaus Perle", "Kiosk am Markt"]),
    ("Kantine", "Catering", ["Werft Nordhafen", "Klinikum Süderau", "Hochschule Elbtal", "Rathaus Altstadt", "Stadtwerke Deichland", "Druckhaus Mitte", "Spedition Roland", "Messe Nord"]),
]
PLACES = [("Hamburg", "20457"), ("Hamburg", "22765"), ("Bremen", "28195"), ("Kiel", "24103"), ("Lübeck", "23552"), ("Hannover", "30159"), ("Oldenburg", "26122"),
          ("Rostock", "18055"), ("Schwerin", "19053"), ("Flensburg", "24937"), ("Lüneburg", "21335"), ("Stade", "21682"), ("Berlin", "10115"), ("Göttingen", "37073")]
STREETS = ["Hafenstraße", "Am Markt", "Lindenallee", "Große Bergstraße", "Deichweg", "Mühlenkamp", "Bahnhofstraße", "Kirchenstieg", "Holstenwall", "Alter Fischmarkt"]
ABROAD = {"AT": [("Wien", "1010"), ("Salzburg", "5020")], "NL": [("Groningen", "9711"), ("Utrecht", "3511")]}
OWNERS = ["Käthe Dröge", "Björn Schröterhoff", "Annegret Kühnemann"]
JOBS = ["Owner", "Purchasing", "Kitchen manager", "Office manager", "Accounts payable", "Bar manager"]


def plain(text):
    """A name as it can stand in a web domain."""
    for letter, spelling in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("é", "e"), ("ø", "o"), ("Ä", "ae"), ("Ö", "oe"), ("Ü", "ue")):
        text = text.replace(letter, spelling)
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower()).split()
    return "-".join(words)


def rounded_price(cents):
    """A price as shops write it."""
    if cents < 2_000:
        return cents // 10 * 10 + 5
    if cents < 20_000:
        return cents // 50 * 50 + 40
    return cents // 1_000 * 1_000 + 900


def barcode(number):
    """A number of the range 20 to 29, which GS1 leaves to shops for their own use, with its check digit."""
    digits = f"20{number:010}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def products(chance):
    """The catalogue. `weight` is how popular a product is: a few are, most are not."""
    made = []
    for category, code, suppliers, tax, unit, valuation, sizes, costs, margins, weight, names in FAMILIES:
        ranks = chance.shuffled(range(len(names)))
        for place, name in enumerate(names):
            base = chance.between(*costs)
            for number, (size, percent) in enumerate(sizes):
                cost = base * percent // 100
                price = rounded_price(cost * 100 // (100 - chance.between(*margins)))
                made.append({
                    "sku": f"{code}-{place + 1:02}" + (f"-{number + 1}" if len(sizes) > 1 else ""), "name": f"{name}, {size}" if size else name, "category": category,
                    "unit": unit, "valuation": valuation, "tax": tax, "price": price, "cost": cost, "supplier": suppliers[place % len(suppliers)],
                    "weight": weight * 240 // (ranks[place] * ranks[place] // 2 + ranks[place] + 4) + 1, "barcode": barcode(len(made) + 1),
                })
    return made


def suppliers(chance, phones):
    made = []
    for index, (name, country, lead) in enumerate(SUPPLIERS):
        city, postal = {"IT": ("Genova", "16121"), "NL": ("Rotterdam", "3011")}.get(country) or chance.of(PLACES)
        made.append({"id": f"S-{101 + index}", "name": name, "country": country, "lead": lead, "domain": f"{plain(name)}.example", "street": f"{chance.of(STREETS)} {chance.between(1, 90)}",
                     "city": city, "postal": postal, "phone": phones.written(phones.fresh("DE"), False).strip(), "kind": "Wholesale", "terms": chance.of([14, 30, 30, 30, 60]),
                     "tax": COUNTRY_TAX[country]})
    return made


def customers(chance, phones, count):
    """Customers by size. The first are the big ones; how they pay, how they order and since when is theirs for good."""
    names = chance.shuffled((f"{kind} {name}", industry) for kind, industry, names in KINDS for name in names)
    while len(names) < count:
        kind, industry, words = chance.of(KINDS)
        name = f"{kind} {chance.of(words)} {chance.of(['Nord', 'Süd', 'am Ufer', 'Altstadt', 'Neustadt'])}"
        if all(name != known for known, _ in names):
            names.append((name, industry))
    made = []
    for rank, (name, industry) in enumerate(names[:count]):
        country = chance.of(["AT", "NL"]) if chance.percent(5) else "DE"
        city, postal = chance.of(PLACES if country == "DE" else ABROAD[country])
        joined = 0 if rank < 6 or chance.percent(58) else chance.below(640)
        made.append({
            "id": f"C-{1001 + rank}", "name": name, "kind": industry, "country": country, "city": city, "postal": postal, "street": f"{chance.of(STREETS)} {chance.between(1, 120)}",
            "domain": f"{plain(name)}.example", "phone": phones.written(phones.fresh("DE"), False).strip(), "tax": COUNTRY_TAX[country],
            "vat": f"{country}{'U' if country == 'AT' else ''}{chance.between(10_000_000, 99_999_999)}" if country != "DE" else "",
            "weight": 36_000 // (rank + 5), "scale": 4 if rank < 6 else 2 if rank < 30 else 1, "discount": 8 if rank < 3 else 5 if rank < 10 else 3 if rank < 25 else 0,
            "terms": chance.of([30, 45]) if rank < 10 else chance.of([14, 14, 14, 30, 30]), "payer": chance.weighted([46, 38, 16]), "joined": joined,
            "left": joined + 120 + chance.below(400) if rank > 12 and chance.percent(14) else 10_000, "owner": chance.of(OWNERS),
        })
    return made


def contacts(chance, phones, companies):
    """One or two people for each company."""
    made, emails = [], set()
    for company in companies:
        for place in range(1 + chance.percent(38)):
            (given, given_ascii), (family, family_ascii) = chance.of(GIVEN["DE"]), chance.of(FAMILY["DE"])
            email = f"{given_ascii}.{family_ascii}@{company['domain']}"
            if email in emails:
                continue
            emails.add(email)
            phone = phones.written(phones.fresh("DE"), False).strip() if chance.percent(45) else ""
            made.append([f"P-{len(made) + 2001}", given, family, email, phone, company["id"], chance.of(JOBS) if place or company["kind"] != "Hospitality" else "Owner", OWNERS[len(made) % 3]])
    return made
