//! Names of countries in the languages that exports are written in, for reading national telephone numbers.

/// ISO 3166-1 alpha-2 codes and the names under which people know the country, in lower case: English, its own, German, French,
/// Spanish, and codes of three letters.
const COUNTRIES: &[(&str, &[&str])] = &[
    (
        "AE",
        &[
            "united arab emirates",
            "uae",
            "vereinigte arabische emirate",
            "émirats arabes unis",
            "الإمارات العربية المتحدة",
            "الإمارات",
            "are",
        ],
    ),
    ("AR", &["argentina", "argentinien", "argentine", "arg"]),
    ("AT", &["austria", "österreich", "oesterreich", "autriche", "aut"]),
    ("AU", &["australia", "australien", "australie", "aus"]),
    ("BE", &["belgium", "belgië", "belgique", "belgien", "bélgica", "bel"]),
    ("BG", &["bulgaria", "българия", "bulgarien", "bulgarie", "bgr"]),
    ("BR", &["brazil", "brasil", "brasilien", "brésil", "bra"]),
    ("CA", &["canada", "kanada", "canadá", "can"]),
    ("CH", &["switzerland", "schweiz", "suisse", "svizzera", "suiza", "che"]),
    ("CL", &["chile", "chili", "chl"]),
    ("CN", &["china", "中国", "chine", "people's republic of china", "chn"]),
    ("CO", &["colombia", "kolumbien", "colombie", "col"]),
    ("CZ", &["czech republic", "czechia", "česko", "česká republika", "tschechien", "tchéquie", "cze"]),
    ("DE", &["germany", "deutschland", "allemagne", "alemania", "germania", "federal republic of germany", "deu"]),
    ("DK", &["denmark", "danmark", "dänemark", "danemark", "dnk"]),
    ("EE", &["estonia", "eesti", "estland", "estonie", "est"]),
    ("EG", &["egypt", "مصر", "ägypten", "égypte", "egy"]),
    ("ES", &["spain", "españa", "espana", "spanien", "espagne", "esp"]),
    ("FI", &["finland", "suomi", "finnland", "finlande", "fin"]),
    ("FR", &["france", "frankreich", "francia", "fra"]),
    (
        "GB",
        &[
            "united kingdom",
            "uk",
            "u.k.",
            "great britain",
            "england",
            "scotland",
            "wales",
            "northern ireland",
            "großbritannien",
            "vereinigtes königreich",
            "royaume-uni",
            "reino unido",
            "gbr",
        ],
    ),
    ("GR", &["greece", "ελλάδα", "griechenland", "grèce", "grc"]),
    ("HK", &["hong kong", "hongkong", "香港", "hkg"]),
    ("HR", &["croatia", "hrvatska", "kroatien", "croatie", "hrv"]),
    ("HU", &["hungary", "magyarország", "ungarn", "hongrie", "hun"]),
    ("ID", &["indonesia", "indonesien", "indonésie", "idn"]),
    ("IE", &["ireland", "éire", "irland", "irlande", "republic of ireland", "irl"]),
    ("IL", &["israel", "ישראל", "israël", "isr"]),
    ("IN", &["india", "भारत", "indien", "inde", "ind"]),
    ("IS", &["iceland", "ísland", "island", "islande", "isl"]),
    ("IT", &["italy", "italia", "italien", "italie", "ita"]),
    ("JP", &["japan", "日本", "japon", "japón", "jpn"]),
    ("KE", &["kenya", "kenia", "ken"]),
    ("KR", &["south korea", "korea", "republic of korea", "대한민국", "한국", "südkorea", "corée du sud", "kor"]),
    ("LI", &["liechtenstein", "lie"]),
    ("LT", &["lithuania", "lietuva", "litauen", "lituanie", "ltu"]),
    ("LU", &["luxembourg", "luxemburg", "lëtzebuerg", "lux"]),
    ("LV", &["latvia", "latvija", "lettland", "lettonie", "lva"]),
    ("MA", &["morocco", "المغرب", "maroc", "marokko", "mar"]),
    ("MT", &["malta", "malte", "mlt"]),
    ("MX", &["mexico", "méxico", "mexiko", "mexique", "mex"]),
    ("MY", &["malaysia", "malaisie", "mys"]),
    ("NG", &["nigeria", "nga"]),
    ("NL", &["netherlands", "the netherlands", "nederland", "holland", "niederlande", "pays-bas", "países bajos", "nld"]),
    ("NO", &["norway", "norge", "norwegen", "norvège", "nor"]),
    ("NZ", &["new zealand", "aotearoa", "neuseeland", "nouvelle-zélande", "nzl"]),
    ("PE", &["peru", "perú", "pérou", "per"]),
    ("PH", &["philippines", "pilipinas", "philippinen", "phl"]),
    ("PK", &["pakistan", "پاکستان", "pak"]),
    ("PL", &["poland", "polska", "polen", "pologne", "polonia", "pol"]),
    ("PT", &["portugal", "prt"]),
    ("RO", &["romania", "românia", "rumänien", "roumanie", "rou"]),
    ("RS", &["serbia", "srbija", "србија", "serbien", "serbie", "srb"]),
    ("RU", &["russia", "россия", "russland", "russie", "russian federation", "rus"]),
    ("SA", &["saudi arabia", "السعودية", "saudi-arabien", "arabie saoudite", "ksa", "sau"]),
    ("SE", &["sweden", "sverige", "schweden", "suède", "swe"]),
    ("SG", &["singapore", "singapur", "singapour", "sgp"]),
    ("SI", &["slovenia", "slovenija", "slowenien", "slovénie", "svn"]),
    ("SK", &["slovakia", "slovensko", "slowakei", "slovaquie", "svk"]),
    ("TH", &["thailand", "ประเทศไทย", "thaïlande", "tha"]),
    ("TR", &["turkey", "türkiye", "turkiye", "türkei", "turquie", "tur"]),
    ("TW", &["taiwan", "台灣", "twn"]),
    ("UA", &["ukraine", "україна", "ucrania", "ukr"]),
    (
        "US",
        &[
            "united states",
            "united states of america",
            "usa",
            "u.s.a.",
            "u.s.",
            "america",
            "vereinigte staaten",
            "états-unis",
            "etats-unis",
            "estados unidos",
        ],
    ),
    ("VN", &["vietnam", "viet nam", "việt nam", "vnm"]),
    ("ZA", &["south africa", "südafrika", "afrique du sud", "zaf"]),
];

/// The ISO 3166-1 alpha-2 code of a country given by name or code. Any two Latin letters count as a code.
pub fn region(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let code = text.to_uppercase();
        return Some(if code == "UK" { "GB".to_owned() } else { code });
    }
    let name = text.to_lowercase();
    COUNTRIES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(code, _)| (*code).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn import_knows_countries_by_code_and_by_name() {
        for (text, expected) in [
            ("DE", Some("DE")),
            (" de ", Some("DE")),
            ("UK", Some("GB")),
            ("Deutschland", Some("DE")),
            ("United Kingdom", Some("GB")),
            ("Polska", Some("PL")),
            ("Việt Nam", Some("VN")),
            ("日本", Some("JP")),
            ("USA", Some("US")),
            ("UAE", Some("AE")),
            ("Atlantis", None),
            ("", None),
            ("ÄÖ", None),
        ] {
            assert_eq!(region(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn import_lists_each_country_name_once_and_in_lower_case() {
        let mut seen = BTreeSet::new();
        for (code, names) in COUNTRIES {
            assert!(seen.insert(*code), "{code}");
            for name in *names {
                assert_eq!(name.to_lowercase(), **name);
                assert!(seen.insert(name), "{name}");
            }
        }
    }
}
