#!/usr/bin/env python3
"""Writes the trade sample of examples/trade: two years of a small company that sells coffee, tea and what belongs to it.

Run `python3 examples/generate_trade.py`; `--check` compares instead of writing. The same seed gives the same bytes. expected.json holds what
the platform must arrive at; it is computed here, while the files are made, and not read back from them.
"""

import json
import pathlib

import trade_catalogue as catalogue
import trade_subscriptions
from sampling import Chance, Phones, csv_text, write_or_compare
from trade_company import FIRST, LAST, OPENING, Company

SEED = 20_251_231
FOLDER = pathlib.Path(__file__).parent / "trade"
CUSTOMERS, SUBSCRIPTIONS = 130, 44
ISSUER = {"context": "invoicing", "aggregate": "issuer", "id": "default", "command": "define", "body": {
    "name": "Nordwind Handels GmbH", "address": {"street": "Speicherstieg 7", "postal_code": "20457", "city": "Hamburg", "country": "DE"}, "tax_id": "DE000000000",
    "email": "rechnung@nordwind.example"}}
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]


def major(minor):
    return f"{minor // 100}.{minor % 100:02}" if minor != "" else ""


def set_reorder_points(products):
    """Enough for the time that a delivery takes; popular products are ordered in larger lots."""
    total = sum(product["weight"] for product in products)
    for product in products:
        yearly = product["weight"] * (420 if product["price"] > 10_000 else 38_000) // total
        lead = catalogue.SUPPLIERS[product["supplier"]][2]
        product["lot"] = max(1, yearly // 9) if product["price"] > 10_000 else max(6, yearly // 9 // 6 * 6)
        product["point"] = max(1 if product["price"] > 10_000 else 4, yearly * (lead + 14) // 300)


def crm_files(company, suppliers, contacts):
    columns = ["Company ID", "Company name", "Domain", "Industry", "Phone", "Owner", "Tags", "Street", "Postal code", "City", "Country"]
    rows = [[c["id"], c["name"], c["domain"], c["kind"], c["phone"], c["owner"], "customer;key account" if c["scale"] == 4 else "customer", c["street"], c["postal"], c["city"], c["country"]]
            for c in company.customers]
    rows += [[s["id"], s["name"], s["domain"], s["kind"], s["phone"], "", "supplier", s["street"], s["postal"], s["city"], s["country"]] for s in suppliers]
    people = csv_text(["Contact ID", "First name", "Last name", "Email", "Phone", "Company ID", "Job title", "Owner"], contacts)
    return {"companies.csv": csv_text(columns, rows), "contacts.csv": people}, {"companies.csv": len(rows), "contacts.csv": len(contacts)}


def stock_files(company, products, suppliers):
    columns = ["SKU", "Product name", "Category", "Unit", "Valuation", "Sales price", "Purchase price", "Currency", "Barcode", "Supplier", "Reorder point", "Reorder quantity"]
    rows = [[p["sku"], p["name"], p["category"], p["unit"], p["valuation"], major(p["price"]), major(p["cost"]), "EUR", p["barcode"], suppliers[p["supplier"]]["name"], p["point"], p["lot"]]
            for p in products]
    moves = [[m["id"], m["kind"], m["date"], m["sku"], m["quantity"], major(m.get("cost", "")), "EUR" if "cost" in m else "", m.get("reference", ""), m.get("supplier", ""),
              m.get("customer", ""), m.get("shipment", ""), m.get("reason", "")] for m in company.movements]
    columns_of_moves = ["Movement ID", "Movement type", "Date", "SKU", "Quantity", "Unit cost", "Currency", "Reference", "Supplier", "Customer ID", "Shipment", "Reason"]
    return {"products.csv": csv_text(columns, rows), "movements.csv": csv_text(columns_of_moves, moves)}, {"products.csv": len(rows), "movements.csv": len(moves)}


def invoice_rows(company):
    for invoice in company.invoices:
        c = invoice.customer
        for number, line in enumerate(invoice.lines):
            head = [c["street"], c["postal"], c["city"], c["country"], c["vat"]] if number == 0 else [""] * 5
            yield [invoice.number, c["id"], c["name"], *head, invoice.date, invoice.due, number + 1, line["description"], line["sku"], line["quantity"], major(line["price"]),
                   line["discount"] or "", line["rate"], "EUR", line.get("account", "")]


def document_files(company):
    invoices = list(invoice_rows(company))
    bills = [[b["number"], b["their"], b["supplier"]["id"], b["supplier"]["name"], b["date"], b["due"], number + 1, line["description"], line["sku"], line["quantity"],
              major(line["price"]), line["rate"], "EUR", line["account"]] for b in company.bills for number, line in enumerate(b["lines"])]
    payments = [[i, day, c, name, major(amount), "EUR", method, reference, invoice] for i, day, c, name, amount, method, reference, invoice in company.payments]
    paid = [[number, day, major(amount), "EUR", "Bank transfer", reference] for number, day, amount, reference in company.bill_payments]
    final = [{"context": "invoicing", "aggregate": "invoice", "id": i.number, "command": "finalize", "body": {}} for i in company.invoices]
    final += [{"context": "invoicing", "aggregate": "bill", "id": b["number"], "command": "approve", "body": {}} for b in company.bills]
    notes = [command for command in company.corrections if command["command"] == "credit"]
    others = [command for command in company.corrections if command["command"] != "credit"]
    commands = {"company.ndjson": [ISSUER], "documents.ndjson": final, "credit-notes.ndjson": notes, "settlements.ndjson": others}
    files = {
        "invoices.csv": csv_text(["Invoice number", "Customer ID", "Customer", "Street", "Postal code", "City", "Country", "VAT number", "Invoice date", "Due date", "Line", "Description", "SKU",
                                  "Quantity", "Unit price", "Discount", "Tax rate", "Currency", "Account code"], invoices),
        "bills.csv": csv_text(["Bill number", "Supplier invoice number", "Supplier ID", "Supplier", "Bill date", "Due date", "Line", "Description", "SKU", "Quantity", "Unit cost", "Tax rate",
                               "Currency", "Account code"], bills),
        "payments.csv": csv_text(["Payment ID", "Payment date", "Customer ID", "Customer", "Amount", "Currency", "Payment method", "Reference", "Invoice number"], payments),
        "bill-payments.csv": csv_text(["Bill number", "Payment date", "Amount", "Currency", "Payment method", "Reference"], paid),
        **{name: "".join(json.dumps(command, ensure_ascii=False, separators=(",", ":")) + "\n" for command in of_file) for name, of_file in commands.items()},
    }
    counts = {"invoices.csv": len(invoices), "bills.csv": len(bills), "payments.csv": len(payments), "bill-payments.csv": len(paid),
              **{name: len(of_file) for name, of_file in commands.items()}}
    return files, counts


def ledger_files(company):
    columns = ["Journal No", "Date", "Memo", "Account", "Debit", "Credit", "Currency"]
    rows = [[number, day, memo, account, major(debit), major(credit), "EUR"] for number, day, memo, account, debit, credit in company.journal]
    opening = [[OPENING, "1100", "Bank", "95000.00", "", "EUR"], [OPENING, "1600", "Equipment", "36000.00", "", "EUR"], [OPENING, "3000", "Share capital", "", "95000.00", "EUR"]]
    files = {"journal.csv": csv_text(columns, rows), "opening-balances.csv": csv_text(["Date", "Account Code", "Account", "Debit", "Credit", "Currency"], opening)}
    return files, {"journal.csv": len({row[0] for row in rows}), "opening-balances.csv": len(opening)}


def billing_files(made, usage):
    charges = ["cups", "sum", "Cups"]
    plans = [[plan, terms["name"], "year" if terms["months"] == 12 else "month", 1 if terms["months"] == 12 else terms["months"], major(terms["price"]), "EUR", 19,
              *([*charges, terms["free"], "standard", trade_subscriptions.CUP] if "free" in terms else [""] * 6)] for plan, terms in trade_subscriptions.PLANS.items()]
    people = sorted({(sub["customer"]["id"], sub["customer"]["name"], f"rechnung@{sub['customer']['domain']}", sub["customer"]["country"], sub["customer"]["vat"],
                      "yes" if sub["customer"]["tax"] is not None else "no") for sub in made})
    terms = [[sub["id"], sub["customer"]["id"], day, plan, quantity, sub["customer"]["terms"], sub["ended"] or "", sub["reason"]] for sub in made for day, plan, quantity in sub["terms"]]
    files = {
        "plans.csv": csv_text(["Plan ID", "Plan name", "Interval", "Interval count", "Price", "Currency", "Tax rate", "Metric", "Aggregation", "Charge name", "Free units", "Pricing model",
                               "Charge unit amount"], plans),
        "billing-customers.csv": csv_text(["Customer ID", "Name", "Billing email", "Country", "VAT number", "Tax exempt"], people),
        "subscriptions.csv": csv_text(["Subscription ID", "Customer ID", "From", "Plan ID", "Quantity", "Net days", "Ended on", "End reason"], terms),
        "usage.csv": csv_text(["Subscription ID", "Transaction ID", "Metric", "Value", "Timestamp"], usage),
    }
    counts = {"plans.csv": len(plans), "billing-customers.csv": len(people), "subscriptions.csv": len(made), "usage.csv": len({row[0] for row in usage})}
    return files, counts


def revenue_by_month(company):
    months = {month: {"invoice_count": 0, "net_minor": 0, "tax_minor": 0, "credit_note_count": 0, "credited_net_minor": 0, "credited_minor": 0} for month in MONTHS}
    for invoice in company.invoices:
        month = months[f"{invoice.date:%Y-%m}"]
        month["invoice_count"] += 1
        month["net_minor"] += invoice.net
        month["tax_minor"] += invoice.tax
    for day, net, gross in company.credit_notes:
        month = months[f"{day:%Y-%m}"]
        month["credit_note_count"] += 1
        month["credited_net_minor"] += net
        month["credited_minor"] += gross
    for month in months.values():
        month["revenue_minor"] = month["net_minor"] - month["credited_net_minor"]
    return months


def expected(company, made, counts, cups):
    balances = {account: amount for account, amount in sorted(company.ledger.balances.items()) if amount}
    sold = -sum(balances.get(account, 0) for account in ("4000", "4200"))
    stock = {sku: [item.pieces, item.worth] for sku, item in company.items.items() if item.pieces}
    opened = sum(invoice.open for invoice in company.invoices)
    assert opened == balances["1200"] and company.payables == -balances["2000"] and sum(company.credits.values()) == -balances["2150"]
    assert sum(worth for _, worth in stock.values()) == balances["1300"] and company.lowest_bank > 0
    mrr = trade_subscriptions.recurring_by_month(made, MONTHS)
    return {
        "seed": SEED, "from": str(FIRST), "to": str(LAST), "created": counts,
        "invoices": len(company.invoices), "bills": len(company.bills),
        "revenue_by_month": revenue_by_month(company), "margin_percent": round(100 * (sold - balances["5000"] - balances["5100"]) / sold, 1),
        "receivables": {"open_count": sum(i.open > 0 for i in company.invoices), "open_minor": opened, "written_off_minor": sum(i.written_off for i in company.invoices),
                        "credit_minor": sum(company.credits.values()), "payable_minor": company.payables},
        "stock": {"quantity": sum(pieces for pieces, _ in stock.values()), "value_minor": balances["1300"], "products": stock},
        "trial_balance": balances,
        "subscriptions": {"active": sum(not sub["ended"] for sub in made), "mrr_minor": mrr[MONTHS[-1]], "mrr_by_month": mrr, "cups": cups},
    }


def generate():
    """Every file of the sample by its name."""
    chance, phones = Chance(SEED), Phones(Chance(SEED + 1))
    products = catalogue.products(chance)
    set_reorder_points(products)
    suppliers, customers = catalogue.suppliers(chance, phones), catalogue.customers(chance, phones, CUSTOMERS)
    contacts = catalogue.contacts(Chance(SEED + 2), phones, customers)
    subscribers = [c for c in customers if c["joined"] == 0 and c["left"] > 800]
    of_subscriptions = Chance(SEED + 3)
    made = trade_subscriptions.subscriptions(of_subscriptions, subscribers, FIRST, LAST, SUBSCRIPTIONS)
    bills = trade_subscriptions.bills(of_subscriptions, made, LAST)
    usage, cups = trade_subscriptions.usage(of_subscriptions, made, LAST)
    company = Company(Chance(SEED + 4), products, suppliers, customers, bills)
    company.run()
    files, counts = {}, {}
    for made_files, made_counts in (crm_files(company, suppliers, contacts), stock_files(company, products, suppliers), document_files(company), ledger_files(company),
                                    billing_files(made, usage)):
        files.update(made_files)
        counts.update(made_counts)
    files["expected.json"] = json.dumps(expected(company, made, counts, cups), indent=1, ensure_ascii=False) + "\n"
    return files


if __name__ == "__main__":
    write_or_compare(FOLDER, generate())
