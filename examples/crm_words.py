"""Words from which the sample data are put together. People and companies are invented; each pair is a spelling and its ASCII form."""

GIVEN = {
    "US": [("Avery", "avery"), ("Jordan", "jordan"), ("Maya", "maya"), ("Logan", "logan"), ("Renée", "renee"), ("D'Andre", "dandre"),
           ("Mary-Kate", "mary-kate"), ("José", "jose"), ("Priya", "priya"), ("Tyrone", "tyrone"), ("Harper", "harper"), ("Elliot", "elliot")],
    "GB": [("Imogen", "imogen"), ("Callum", "callum"), ("Siân", "sian"), ("Rhys", "rhys"), ("Aoife", "aoife"), ("Hamish", "hamish"),
           ("Zoë", "zoe"), ("Nigel", "nigel"), ("Amara", "amara"), ("Tariq", "tariq")],
    "DE": [("Jürgen", "juergen"), ("Käthe", "kaethe"), ("Björn", "bjoern"), ("Änne", "aenne"), ("Lüder", "lueder"), ("Sören", "soeren"),
           ("Heike", "heike"), ("Torsten", "torsten"), ("Annegret", "annegret"), ("Jörg-Uwe", "joerg-uwe")],
    "FR": [("Élodie", "elodie"), ("François", "francois"), ("Maëlle", "maelle"), ("Loïc", "loic"), ("Anaïs", "anais"), ("Théo", "theo"),
           ("Hélène", "helene"), ("Gaël", "gael")],
    "PL": [("Łukasz", "lukasz"), ("Małgorzata", "malgorzata"), ("Zbigniew", "zbigniew"), ("Świętosława", "swietoslawa"),
           ("Grażyna", "grazyna"), ("Wojciech", "wojciech"), ("Żaneta", "zaneta"), ("Paweł", "pawel")],
    "VN": [("Phương", "phuong"), ("Đức", "duc"), ("Ngọc Ánh", "ngocanh"), ("Thị Hằng", "thihang"), ("Quốc Bảo", "quocbao"),
           ("Mỹ Duyên", "myduyen"), ("Tuấn", "tuan"), ("Hải Yến", "haiyen")],
    "AE": [("ليلى", "layla"), ("عمر", "omar"), ("فاطمة", "fatima"), ("يوسف", "yousef"), ("نورة", "noura"), ("خالد", "khaled")],
    "JP": [("花子", "hanako"), ("健太", "kenta"), ("さくら", "sakura"), ("大輔", "daisuke"), ("結衣", "yui"), ("ケンジ", "kenji")],
}

FAMILY = {
    "US": [("Whitlock", "whitlock"), ("O'Hallaran", "ohallaran"), ("Vanterpool", "vanterpool"), ("St. Clairmont", "stclairmont"),
           ("Delacruz-Hart", "delacruz-hart"), ("Brightwater", "brightwater"), ("McAllaster", "mcallaster"), ("Núñez", "nunez"),
           ("Okonjo", "okonjo"), ("Featherly", "featherly"), ("Standifer", "standifer"), ("Quillen Jr.", "quillen")],
    "GB": [("Ashbourne-Pike", "ashbourne-pike"), ("Llewellin", "llewellin"), ("Thistlewood", "thistlewood"), ("MacAskin", "macaskin"),
           ("Ó Fearghaíl", "ofearghail"), ("Hargreave", "hargreave"), ("Pemberley", "pemberley"), ("Quartermain", "quartermain")],
    "DE": [("Müllerstädt", "muellerstaedt"), ("Großkreuzer", "grosskreuzer"), ("von Löwenfels", "vonloewenfels"), ("Weißbäcker", "weissbaecker"),
           ("Schröterhoff", "schroeterhoff"), ("Kühnemann", "kuehnemann"), ("Jäckelmann", "jaeckelmann"), ("Dröge", "droege")],
    "FR": [("Lefèbvrin", "lefebvrin"), ("d'Aubrécourt", "daubrecourt"), ("Garçonnet", "garconnet"), ("Desprésaux", "despresaux"),
           ("Bérangeron", "berangeron"), ("Nguyênot", "nguyenot")],
    "PL": [("Wiśniowiecka-Bąk", "wisniowiecka-bak"), ("Żółtowski", "zoltowski"), ("Ściegienko", "sciegienko"), ("Gąsiorek", "gasiorek"),
           ("Brzęczykowicz", "brzeczykowicz"), ("Łęczyński", "leczynski")],
    "VN": [("Nguyễn", "nguyen"), ("Trần", "tran"), ("Đặng", "dang"), ("Huỳnh", "huynh"), ("Lê", "le"), ("Võ", "vo")],
    "AE": [("المنصوري", "almansouri"), ("بن زايدان", "binzaydan"), ("الهاشمية", "alhashmiya"), ("القاسمي", "alqasmi")],
    "JP": [("山之内", "yamanouchi"), ("小鳥遊", "takanashi"), ("長谷部", "hasebe"), ("四月一日", "watanuki"), ("斎藤﨑", "saitosaki")],
}

# Country: how exports write it, the streets and cities of the sample, and the share of all rows in percent.
COUNTRIES = {
    "US": (["United States", "USA", "US", "United States"], ["Larkspur Ave", "N Cobblestone Rd", "Old Mill Ln, Apt 4B", "E 9th St"],
           [("Portland", "OR", "97201"), ("Austin", "TX", "78701"), ("Springfield", "IL", "62701"), ("Boston", "MA", "02108"), ("Boise", "ID", "83702")], 38),
    "GB": (["United Kingdom", "UK", "GB"], ["Rookery Lane", "Station Approach", "Wren's Court, Flat 2"],
           [("London", "", "SW1A 0AA"), ("Leeds", "West Yorkshire", "LS1 1BA"), ("Cardiff", "", "CF10 1AA"), ("Glasgow", "", "G1 1AA")], 17),
    "DE": (["Germany", "Deutschland", "DE"], ["Lindenstraße", "Am Großen Teich", "Mühlgäßchen"],
           [("Köln", "NRW", "50667"), ("München", "Bayern", "80331"), ("Görlitz", "Sachsen", "02826"), ("Berlin", "", "10115")], 17),
    "FR": (["France", "FR"], ["rue de l'Été", "allée des Tilleuls", "quai Saint-Éloi"],
           [("Nîmes", "Occitanie", "30000"), ("Lyon", "", "69001"), ("Besançon", "", "25000")], 10),
    "PL": (["Poland", "Polska"], ["ul. Źródlana", "ul. Świętojańska"], [("Łódź", "łódzkie", "90-001"), ("Kraków", "", "30-001"), ("Gdańsk", "", "80-001")], 6),
    "VN": (["Vietnam", "Việt Nam"], ["Đường Hoa Sen", "Phố Cổ"], [("Hà Nội", "", "100000"), ("Đà Nẵng", "", "550000")], 4),
    "AE": (["United Arab Emirates", "UAE"], ["Palm Walk", "شارع النخيل"], [("Dubai", "", ""), ("أبوظبي", "", "")], 4),
    "JP": (["Japan", "日本"], ["桜通り", "中央町"], [("東京都", "", "100-0001"), ("大阪市", "大阪府", "530-0001")], 4),
}

# Telephone numbers that regulators set aside for fiction: country code, national prefixes, digits of the subscriber part, trunk prefix.
# Countries without such a range borrow the British one.
PHONES = {
    "US": ("1", ["20255501", "31255501", "41555501", "51255501", "61755501", "20855501", "50355501", "71355501", "91755501", "30355501"], 2, ""),
    "GB": ("44", ["207946 0", "117496 0", "121496 0", "131496 0", "161496 0", "7700900"], 3, "0"),
    "DE": ("49", ["3023125", "4066969", "6990009", "2214710"], 3, "0"),
    "FR": ("33", ["19900", "63998"], 4, "0"),
}

COMPANY_FIRST = ["Blue Harbor", "Copperleaf", "Nordwind", "Silver Birch", "Grünwald & Söhne", "Kingfisher", "Ostrava Steelworks", "Lumen", "Paper Lantern",
                 "Red Maple", "Saffron", "Tidewater", "Umbra", "Verdant", "Whistling Pines", "Yellowhammer", "Zephyr", "Amber", "Basalt", "Cobalt",
                 "Delta Nine", "Evergrain", "Foxglove", "Granite Peak", "Hollow Oak"]
COMPANY_SECOND = ["Logistics", "Analytics", "Foods", "Robotics", "Textiles", "Insurance Brokers", "Medical Supply", "Media", "Engineering", "Energy",
                  "Software", "Consulting", "Travel", "Outfitters", "Publishing", "Ceramics"]
COMPANY_FORM = {"US": ["Inc.", "LLC", "Corp."], "GB": ["Ltd", "PLC", "LLP"], "DE": ["GmbH", "AG", "e.K."], "FR": ["SARL", "S.A."], "PL": ["Sp. z o.o."],
                "VN": ["Co., Ltd."], "AE": ["FZ-LLC"], "JP": ["株式会社", "K.K."]}

INDUSTRIES = ["Manufacturing", "Information Technology", "Healthcare", "Retail", "Logistics", "Media", "Energy", "Financial Services", "Agriculture", "Education"]
JOB_TITLES = ["Head of Procurement", "CTO", "Office Manager", "VP, Sales", "Leiterin Einkauf", "Directeur technique", "Operations Analyst", "Founder & CEO",
              "Kierownik zmiany", "Data Engineer", "Treasurer", "Account Executive (EMEA)", "営業部長", "Plant \"Line 2\" Supervisor"]
STAGES = ["Subscriber", "Lead", "Marketing Qualified Lead", "Sales Qualified Lead", "Opportunity", "Customer", "Evangelist", "Other"]
SOURCES = ["Organic Search", "Paid Search", "Trade fair", "Referral", "Direct Traffic", "Email Marketing", "Offline Sources", "Partner"]
OWNERS = ["owner.one@example.com", "owner.two@example.com", "Sam Carrow", "sam carrow", "Dana Whitfield", "unassigned"]
TAGS = ["vip", "newsletter", "Messe 2024", "do not call", "reseller", "Q3", "à rappeler", "重要", "🔥 hot"]
NOTES = ["Met at the trade fair.", "Prefers email.", "Asked for a quote.", "Left the company?", "Renewal in autumn.", "Rückruf vereinbart."]
MESSY_NOTES = [
    "Called on Monday, no answer.\nCalled on Tuesday, left a message.",
    "Said \"send it over\", then \"actually, wait\".",
    "Needs: chairs, desks, lamps",
    "Line one\r\nLine two, with a comma\r\n\r\n\"quoted\" at the end \"\"",
    "Великолепно — 👍🏽 follow up; price list v2",
    "=SUM(A1:A3)",
    "<b>bold</b> &amp; co.\tafter a tab",
]
LOST_REASONS = ["Price", "No budget", "Competitor", "No answer", "Timing, maybe next year"]
