#!/usr/bin/env python3
"""Writes the CRM sample of examples/crm: exports as CRM products make them, with the dirt that real ones have.

Run `python3 examples/generate_crm.py`; `--check` compares instead of writing. The same seed gives the same bytes. What each row is made for
is known here, so expected.json is not the opinion of a second parser.
"""

import json
import pathlib

import crm_words as words
from sampling import Chance, Phones, csv_row, write_or_compare

SEED = 20_240_817
FOLDER = pathlib.Path(__file__).parent / "crm"

CONTACT_COLUMNS = ["Record ID", "First Name", "Last Name", "Email", "Phone Number", "Mobile Phone Number", "Company Name", "Job Title", "Street Address",
                   "City", "State/Region", "Postal Code", "Country/Region", "Lifecycle Stage", "Lead Source", "Contact owner", "Tags", "Create Date", "Notes"]
COMPANY_COLUMNS = ["Account ID", "Account Name", "Website", "Phone", "Industry", "Employees", "Annual Revenue", "Billing Street", "Billing City",
                   "Billing State/Province", "Billing Zip/Postal Code", "Billing Country", "Account Owner", "Description"]

# Rows with one fault each; all others can be imported.
CONTACT_FAULTS = {"too_few_columns": 6, "too_many_columns": 6, "invalid_email": 45, "invalid_phone": 30, "no_identity": 9, "too_long": 9,
                  "control_character": 3, "duplicate_email": 120, "duplicate_phone": 45}
COMPANY_FAULTS = {"too_few_columns": 2, "too_many_columns": 2, "missing_name": 6, "too_long": 2, "duplicate_domain": 12}
DEAL_FAULTS = {"broken_json": 4, "missing_title": 6, "unreadable_value": 8, "negative_value": 4, "unknown_currency": 6, "unknown_stage": 6, "duplicate_id": 8}
CONTACTS, COMPANIES, DEALS = 3_000, 400, 800

BAD_EMAILS = ["{local}", "{local}@", "@example.com", "{local}@example", "{local}@@example.com", "{local} @ example.com", "n/a", "unknown",
              "{local}@example.com; second.{local}@example.org", "<{local}@example.com"]
BAD_PHONES = ["n/a", "-", "none", "ask reception", "12", "see website", "?"]


def plan(chance, count, faults):
    """The fault of each row, or None. Duplicates never come among the first rows: they need an original before them."""
    names = [name for name, number in faults.items() for _ in range(number)]
    places = sorted(chance.shuffled(range(count // 10, count))[: len(names)])
    chosen = [None] * count
    for place, name in zip(places, chance.shuffled(names)):
        chosen[place] = name
    return chosen


def country_of(chance):
    draw = chance.below(100)
    for country, (_, _, _, share) in words.COUNTRIES.items():
        draw -= share
        if draw < 0:
            return country
    return "US"


def date_text(chance):
    year, month, day = 2019 + chance.below(6), 1 + chance.below(12), 1 + chance.below(28)
    hour, minute = chance.below(24), chance.below(60)
    name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month - 1]
    return chance.of([f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}", f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}", f"{month:02}/{day:02}/{year}",
                      f"{day:02}.{month:02}.{year}", f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z", f"{name} {day}, {year}", str(43_500 + chance.below(2_000))])


def padded(chance, text, share=4):
    """Some cells carry white space around them; some of it does not break."""
    if not text or not chance.percent(share):
        return text
    return chance.of([text + " ", text + "  ", " " + text, text + "\u00a0", text + "\t"])


class Contacts:
    """The contact file, as HubSpot exports one."""

    def __init__(self, chance, companies):
        self.chance, self.companies, self.phones = chance, companies, Phones(chance)
        self.emails, self.good = set(), []

    def email(self, given, family, domain):
        """A fresh address."""
        stem = self.chance.of([f"{given}.{family}", f"{given[0]}{family}", f"{given}_{family}", given]).replace(" ", "")
        number = ""
        while f"{stem}{number}@{domain}" in self.emails:
            number = str(int(number or 1) + 1)
        self.emails.add(f"{stem}{number}@{domain}")
        return f"{stem}{number}@{domain}"

    def person(self, record):
        """A row without fault. Keys that start with a small letter are for the generator."""
        chance, country = self.chance, country_of(self.chance)
        names, streets, cities, _ = words.COUNTRIES[country]
        (given, given_ascii), (family, family_ascii) = chance.of(words.GIVEN[country]), chance.of(words.FAMILY[country])
        company, domain = chance.of(self.companies) if chance.percent(82) else ("", chance.of(["mail.example.com", "post.example.org", "inbox.example.net"]))
        if country == "DE" and chance.percent(3):
            given_ascii = given.lower()
        email = self.email(given_ascii, family_ascii, domain)
        number, local, kind = self.phones.fresh(country), chance.percent(12) and country in words.PHONES, chance.below(100)
        local = local and number[0] == country
        phone = self.phones.written(number, local) if kind < 65 else ""
        mobile = self.phones.written(self.phones.fresh(country), False) if 55 <= kind < 80 else ""
        city, region, postal = chance.of(cities)
        row = {
            "Record ID": str(10_000_001 + record * 37), "First Name": given, "Last Name": family, "Email": email, "Phone Number": phone,
            "Mobile Phone Number": mobile, "Company Name": company, "Job Title": chance.of(words.JOB_TITLES) if chance.percent(70) else "",
            "Street Address": f"{1 + chance.below(240)} {chance.of(streets)}" if chance.percent(60) else "", "City": city, "State/Region": region,
            "Postal Code": postal, "Country/Region": chance.of(names) if local or chance.percent(96) else "", "Lifecycle Stage": chance.of(words.STAGES),
            "Lead Source": chance.of(words.SOURCES) if chance.percent(85) else "", "Contact owner": chance.of(words.OWNERS),
            "Tags": chance.of([";", "; ", ","]).join(dict.fromkeys(chance.of(words.TAGS) for _ in range(chance.below(3)))), "Create Date": date_text(chance),
            "Notes": chance.of(words.MESSY_NOTES) if chance.percent(6) else chance.of(words.NOTES) if chance.percent(30) else "",
            "email": email, "local": local and bool(phone), "number": number if phone else None,
        }
        if chance.percent(3):
            row["First Name"] = chance.of(["", " "])
        if chance.percent(2):
            row["Last Name"] = ""
        if chance.percent(6) and (row["First Name"].strip() or row["Last Name"] or phone or mobile):
            row["Email"] = row["email"] = ""
        elif chance.percent(5):
            row["Email"] = chance.of([email.upper(), email.title(), email + " ", " " + email])
        for column in ("First Name", "Last Name", "Company Name", "Job Title", "City"):
            row[column] = padded(chance, row[column])
        return row

    def break_row(self, row, fault):
        """Plants the fault and says which earlier row it collides with, if it does."""
        chance, local_part = self.chance, (row["email"] or "someone@").split("@")[0]
        if fault == "invalid_email":
            row["Email"] = chance.of(BAD_EMAILS).format(local=local_part)
        elif fault == "invalid_phone":
            row["Phone Number"], row["Mobile Phone Number"], row["local"] = chance.of(BAD_PHONES), "", False
        elif fault == "no_identity":
            for column in ("First Name", "Last Name", "Email", "Phone Number", "Mobile Phone Number"):
                row[column] = chance.of(["", "", "  "])
            row["local"] = False
        elif fault == "too_long":
            column, length = chance.of([("Job Title", 260), ("City", 230), ("First Name", 400), ("Notes", 10_400)])
            row[column] = "Lorem ipsum dolor sit amet " * (length // 27 + 1)
        elif fault == "control_character":
            row["Notes"] = "pasted from a sheet\u000bsecond line\u0007"
        elif fault == "duplicate_email":
            original = chance.of([good for good in self.good if good["email"] and not good["local"]])
            for column in ("First Name", "Last Name", "Company Name", "Country/Region"):
                row[column] = original[column]
            email = original["email"]
            row["Email"] = chance.of([email.upper(), email.capitalize(), f" {email}", f"{email} ", f"{email.title()}  ", email])
            row["Phone Number"] = row["Mobile Phone Number"] = ""
            row["local"] = False
            return original["record"]
        elif fault == "duplicate_phone":
            original = chance.of([good for good in self.good if good["number"] and not good["local"]])
            row["Phone Number"], row["Mobile Phone Number"], row["local"] = self.phones.written(original["number"], False), "", False
            return original["record"]
        return None

    def write(self):
        """The file's text and what importing it does."""
        faults, text, rows, local, plain = plan(self.chance, CONTACTS, CONTACT_FAULTS), csv_row(CONTACT_COLUMNS, False, "\n"), [], [], 0
        for index, fault in enumerate(faults):
            row, record = self.person(index), index + 1
            row["record"] = record
            of = self.break_row(row, fault)
            if fault is None:
                self.good.append(row)
                plain += not row["email"]
            if fault is None and row["local"]:
                local.append(record)
            cells = [row[column] for column in CONTACT_COLUMNS]
            if fault == "too_few_columns":
                cells = cells[: 5 + self.chance.below(8)]
            elif fault == "too_many_columns":
                at = CONTACT_COLUMNS.index("City")
                cells[at : at + 1] = [row["City"].strip(), " " + (row["State/Region"] or "metropolitan area")]
            if fault:
                rows.append({"record": record, "line": text.count("\n") + 1, "is": fault} | ({"of": of} if of else {}))
            text += csv_row(cells, False, "\n")
        return text, summary("contacts.csv", CONTACTS, rows) | {"without_email": plain, "phone_without_country_code": local}


def summary(name, records, rows):
    """Counts by outcome. A duplicate is known to the log already; everything else that is listed is refused."""
    counts = {}
    for row in rows:
        counts[row["is"]] = counts.get(row["is"], 0) + 1
    duplicates = sum(number for fault, number in counts.items() if fault.startswith("duplicate"))
    return {"file": name, "records": records, "created": records - len(rows), "duplicates": duplicates, "refused": len(rows) - duplicates,
            "by_reason": dict(sorted(counts.items())), "rows": rows}


def company_names(chance):
    """Name, country and web domain of each company; the domains end in .example or .test (RFC 2606)."""
    pairs = chance.shuffled([(first, second) for first in words.COMPANY_FIRST for second in words.COMPANY_SECOND])
    companies = []
    for first, second in pairs[:COMPANIES]:
        country = country_of(chance)
        slug = "".join(c for c in f"{first}{second}".lower().replace("ü", "ue").replace("ö", "oe") if c.isascii() and c.isalnum())
        companies.append((f"{first} {second} {chance.of(words.COMPANY_FORM[country])}", country, f"{slug}.{chance.of(['example', 'example', 'test'])}"))
    return companies


def companies_file(chance, companies):
    """The company file, as Salesforce exports one: every cell quoted, CRLF, and the byte order mark that spreadsheets add."""
    phones, faults, end = Phones(chance), plan(chance, COMPANIES, COMPANY_FAULTS), "\r\n"
    text, rows, good, unreadable = "\ufeff" + csv_row(COMPANY_COLUMNS, True, end), [], [], []
    for index, fault in enumerate(faults):
        name, country, domain = companies[index]
        record, of, (names, streets, cities, _) = index + 1, None, words.COUNTRIES[country]
        if fault == "duplicate_domain":
            of, name, domain = chance.of(good)
            name = chance.of([name.upper(), name + " ", name.replace(" ", "  "), name.rsplit(" ", 1)[0]])
        site = chance.of([f"https://www.{domain}/", f"http://{domain}", f"www.{domain}", domain.upper(), f"https://{domain}/about?lang=en"])
        staff = chance.of([str(5 + chance.below(4_000)), str(5 + chance.below(900)), "", f"{1 + chance.below(9)},{chance.below(1000):03}", "51-200", "~250", "n/a"])
        revenue = chance.of([str(100_000 + chance.below(9_000_000)), "", "$1,250,000", "€ 3.400.000,00", "1.2M", "250000.5"])
        if staff in ("51-200", "~250", "n/a") or revenue in ("€ 3.400.000,00", "1.2M"):
            unreadable.append(record)
        city, region, postal = chance.of(cities)
        cells = [f"001Q{index:011}AAQ", padded(chance, name), site, phones.written(phones.fresh(country), False) if chance.percent(70) else "",
                 chance.of(words.INDUSTRIES), staff, revenue, f"{1 + chance.below(240)} {chance.of(streets)}", city, region, postal, chance.of(names),
                 chance.of(words.OWNERS), chance.of(words.MESSY_NOTES) if chance.percent(10) else ""]
        if fault == "missing_name":
            cells[1] = chance.of(["", " ", "\u00a0"])
        elif fault == "too_long":
            cells[1] = "Very Long Holding " * 14
        elif fault == "too_few_columns":
            cells = cells[:6]
        elif fault == "too_many_columns":
            cells.insert(8, "Building C")
        if fault:
            rows.append({"record": record, "line": text.count("\n") + 1, "is": fault} | ({"of": of} if of else {}))
        else:
            good.append((record, name, domain))
        text += csv_row(cells, True, end)
    return text, summary("companies.csv", COMPANIES, rows) | {"unreadable_number": unreadable}


def deals_file(chance, companies, contacts):
    """The deal file: one JSON object a line, with the field names of Pipedrive's export."""
    faults, text, rows, ids = plan(chance, DEALS, DEAL_FAULTS), "", [], []
    people = [row for row in contacts if row["email"]]
    for index, fault in enumerate(faults):
        record, of, status, person = index + 1, None, chance.of(["open", "open", "open", "won", "lost"]), chance.of(people)
        company, country, _ = chance.of(companies)
        currency, amount = {"US": "USD", "GB": "GBP", "PL": "PLN", "JP": "JPY", "VN": "VND", "AE": "AED"}.get(country, "EUR"), 500 + chance.below(90_000)
        cents = 0 if currency in ("JPY", "VND") else chance.of([0, 0, 50, 99])
        value = chance.of([amount, amount + cents / 100, f"{amount}.{cents:02}" if cents else str(amount), f"{amount:,}"])
        stage = {"won": "Won", "lost": "Lost"}.get(status) or chance.of(["Prospecting", "Qualification", "Proposal", "Negotiation", "negotiation "])
        deal = {"ID": 5_001 + index, "Title": f"{company} – {chance.of(['renewal', 'pilot', 'expansion', 'rollout, phase 2'])}", "Value": value,
                "Currency": currency.lower() if chance.percent(4) else currency, "Organization": company, "Contact person": person["email"], "Pipeline": "Sales",
                "Stage": stage, "Status": status, "Owner": chance.of(words.OWNERS), "Deal created": date_text(chance),
                "Expected close date": date_text(chance) if chance.percent(60) else None, "Lost reason": chance.of(words.LOST_REASONS) if status == "lost" else None}
        if fault == "missing_title":
            deal["Title"] = chance.of([None, "", "  "])
        elif fault == "unreadable_value":
            deal["Value"] = chance.of(["TBD", "10-20k", "n/a", "12.500,00 €"])
        elif fault == "negative_value":
            deal["Value"] = -amount
        elif fault == "unknown_currency":
            deal["Currency"] = chance.of(["EURO", "$", "XXZ", "US Dollar"])
        elif fault == "unknown_stage":
            deal["Stage"] = chance.of(["Demo scheduled", "Stage 7", "?"])
        elif fault == "duplicate_id":
            of, deal["ID"] = chance.of(ids)
        line = json.dumps(deal, ensure_ascii=False)
        if fault == "broken_json":
            line = chance.of([line[: len(line) // 2], line.replace(":", "=", 1), line[:-1] + ","])
        if fault:
            rows.append({"record": record, "line": text.count("\n") + 1, "is": fault} | ({"of": of} if of else {}))
        else:
            ids.append((record, deal["ID"]))
        text += line + "\n"
        if index % 200 == 150:
            text += "\n"
    return text, summary("deals.ndjson", DEALS, rows)


def generate():
    """Every file of the sample by its name."""
    companies = company_names(Chance(SEED))
    contacts = Contacts(Chance(SEED + 1), [(name, domain) for name, _, domain in companies])
    contacts_text, contacts_expected = contacts.write()
    companies_text, companies_expected = companies_file(Chance(SEED + 2), companies)
    deals_text, deals_expected = deals_file(Chance(SEED + 3), companies, contacts.good)
    expected = {"seed": SEED, "contacts": contacts_expected, "companies": companies_expected, "deals": deals_expected}
    rows = json.dumps(expected, indent=1, ensure_ascii=False)
    return {"contacts.csv": contacts_text, "companies.csv": companies_text, "deals.ndjson": deals_text, "expected.json": rows + "\n"}


if __name__ == "__main__":
    write_or_compare(FOLDER, generate())
