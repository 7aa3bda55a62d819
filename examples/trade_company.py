"""Two years of the trading company, day by day: orders, shipments, invoices, payments, returns, counts, purchases and their bills."""

import datetime

from trade_books import Invoice, Item, Ledger, line_amounts, rounded
import trade_subscriptions

FIRST, LAST = datetime.date(2024, 1, 1), datetime.date(2025, 12, 31)
OPENING = datetime.date(2023, 12, 31)
BANK, RECEIVABLE, STOCK, INPUT_TAX, PAYABLE, UNBILLED, SALES_TAX, CREDIT = "1100", "1200", "1300", "1400", "2000", "2050", "2100", "2150"
CAPITAL, OPENINGS, SALES, SERVICES, COST, DIFFERENCES, BAD_DEBT = "3000", "3900", "4000", "4100", "5000", "5100", "6850"

# How much is ordered, in percent of an average month and weekday, and on all days together in the first month and the last.
SEASON = [96, 98, 101, 97, 94, 88, 82, 84, 99, 107, 118, 136]
WEEKDAY = [112, 124, 104, 92, 68, 0, 0]
ORDERS_PER_100_DAYS = (175, 265)
# What comes regularly from others: text, supplier, account, tax, net in cents, months in which it comes.
OVERHEADS = [("Rent of warehouse and office", "Speicher Immobilien KG", "6100", 19, 125_000, range(1, 13)), ("Electricity and water", "Stadtwerke Deichland", "6200", 19, 41_000, range(1, 13)),
             ("Parcels and pallets", "Spedition Roland", "5200", 19, 88_000, range(1, 13)), ("Software", "Kontorsoft GmbH", "6300", 19, 21_900, range(1, 13)),
             ("Advertising", "Agentur Fernblick", "6400", 19, 36_000, (2, 5, 9, 10, 11)), ("Insurance", "Hansa Assekuranz", "6700", 0, 92_000, (1, 7)),
             ("Bookkeeping and tax advice", "Steuerkanzlei Ohlendorf", "6600", 19, 54_000, (3, 6, 9, 12))]
WAGES, SOCIAL, DEPRECIATION = 360_000, 75_600, 46_000
HOLIDAYS = {(1, 1), (5, 1), (10, 3), (12, 24), (12, 25), (12, 26), (12, 31)}


def is_work_day(day):
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


class Company:
    """The company's books as they come about. Every list holds rows of a file."""

    def __init__(self, chance, products, suppliers, customers, bills_of_subscriptions):
        self.chance, self.products, self.suppliers, self.customers = chance, products, suppliers, customers
        self.subscription_bills = bills_of_subscriptions
        self.items = {product["sku"]: Item(product["valuation"]) for product in products}
        self.costs = {product["sku"]: product["cost"] for product in products}
        self.ledger, self.agenda, self.on_order = Ledger(), {}, {}
        self.movements, self.invoices, self.payments, self.bills, self.bill_payments, self.journal, self.corrections = [], [], [], [], [], [], []
        self.shipments, self.credits, self.credit_notes, self.payables = [], {}, [], 0
        self.numbers = {}
        self.lowest_bank, self.today = None, OPENING
        for customer in customers:
            customer["favourites"] = self.favourites(customer)
            customer["stops_paying"] = None
        for customer in chance.shuffled(customers[20:])[:4]:
            customer["stops_paying"] = FIRST + datetime.timedelta(days=chance.between(150, 480))

    def next(self, series):
        self.numbers[series] = self.numbers.get(series, 0) + 1
        return self.numbers[series]

    def plan(self, day, *what):
        """Puts something on the agenda, of tomorrow at the earliest."""
        self.agenda.setdefault(max(day, self.today + datetime.timedelta(days=1)), []).append(what)

    def favourites(self, customer):
        """What a customer buys again and again: popular products above all."""
        weights = [product["weight"] for product in self.products]
        return sorted({self.chance.weighted(weights) for _ in range(8 + 7 * customer["scale"])})

    # Stock.

    def move(self, kind, sku, pieces, day, worth, **fields):
        number = f"{ {'receipt': 'WE', 'shipment': 'LS', 'return': 'RT', 'count': 'IN', 'opening': 'AB'}[kind] }-{self.next(kind):05}"
        self.movements.append({"id": number, "kind": kind, "sku": sku, "quantity": pieces, "date": day, **fields})
        other = {"receipt": UNBILLED, "shipment": COST, "return": COST, "count": DIFFERENCES, "opening": OPENINGS}[kind]
        self.ledger.post((STOCK, worth), (other, -worth))
        return number

    def open_stock(self):
        """Stock of the last day before: enough for some weeks of what is popular, and a few of the rest."""
        for product in self.products:
            pieces = max(product["point"] + product["lot"] * self.chance.between(20, 100) // 100, 1)
            if product["price"] > 10_000:
                pieces = 1 + self.chance.below(3)
            self.items[product["sku"]].add(pieces, pieces * product["cost"])
            self.move("opening", product["sku"], pieces, OPENING, pieces * product["cost"], cost=product["cost"])

    def review(self, day):
        """Orders what has fallen below its reorder point, supplier by supplier, each on its own weekday."""
        for index, supplier in enumerate(self.suppliers):
            if index % 5 != day.weekday():
                continue
            wanted = [product for product in self.products if product["supplier"] == index
                      and self.items[product["sku"]].pieces + self.on_order.get(product["sku"], 0) < product["point"]]
            if not wanted:
                continue
            lines = []
            for product in wanted:
                missing = product["point"] - self.items[product["sku"]].pieces - self.on_order.get(product["sku"], 0)
                pieces = -(-missing // product["lot"]) * product["lot"]
                self.on_order[product["sku"]] = self.on_order.get(product["sku"], 0) + pieces
                lines.append((product, pieces))
            arrival = day + datetime.timedelta(days=supplier["lead"] + self.chance.below(6))
            while not is_work_day(arrival):
                arrival += datetime.timedelta(days=1)
            self.plan(arrival, "delivery", supplier, f"PO-{self.next('order'):04}", lines)

    def delivery(self, day, supplier, order, lines):
        """Goods come in, and their bill a few days later."""
        billed = []
        for product, pieces in lines:
            sku = product["sku"]
            # Prices creep upwards, and jump now and then.
            self.costs[sku] += self.costs[sku] * self.chance.of([0, 0, 0, 0, 1, 1, 2, -1]) // 100
            cost = self.costs[sku]
            self.on_order[sku] -= pieces
            self.items[sku].add(pieces, pieces * cost)
            self.move("receipt", sku, pieces, day, pieces * cost, cost=cost, reference=order, supplier=supplier["name"])
            rate = product["tax"] if supplier["tax"] is None else 0
            billed.append({"description": product["name"], "sku": sku, "quantity": pieces, "price": cost, "rate": rate, "account": UNBILLED})
        date = day + datetime.timedelta(days=self.chance.below(4))
        if date <= LAST:
            self.plan(date, "bill", supplier, supplier["terms"], billed)

    def bill(self, day, supplier, terms, lines):
        number, due = f"ER-{self.next('bill'):04}", day + datetime.timedelta(days=terms)
        gross = 0
        for line in lines:
            net, tax = line_amounts(line["quantity"], line["price"], 0, line["rate"])
            gross += net + tax
            self.ledger.post((line["account"], net), (INPUT_TAX, tax), (PAYABLE, -net - tax))
        self.bills.append({"number": number, "supplier": supplier, "their": f"{supplier['id']}/{self.next(supplier['id'] + 'bill'):03}", "date": day, "due": due, "lines": lines})
        self.payables += gross
        pay = due - datetime.timedelta(days=self.chance.below(3)) if self.chance.percent(80) else due + datetime.timedelta(days=self.chance.between(1, 12))
        self.plan(pay, "pay-bill", number, gross)

    def pay_bill(self, day, number, gross):
        self.bill_payments.append([number, day, gross, f"SEPA-{self.next('sepa'):04}"])
        self.payables -= gross
        self.ledger.post((PAYABLE, gross), (BANK, -gross))

    def count_some(self, day):
        """A count of some products at the end of a quarter; a few are not there, and fewer turn up."""
        for product in self.chance.shuffled(self.products)[:32]:
            sku, item = product["sku"], self.items[product["sku"]]
            found = item.pieces
            if item.pieces > 3 and self.chance.percent(28):
                found += self.chance.of([-1, -1, -1, -2, -3, 1])
            worth = 0
            if found < item.pieces:
                worth = -item.take(item.pieces - found)
            elif found > item.pieces:
                worth = item.found(found - item.pieces, product["cost"])
                item.add(found - item.pieces, worth)
            self.move("count", sku, found, day, worth)

    # Customers.

    def order(self, day):
        """An order that is shipped and invoiced on the day; what is not in stock is not sold."""
        since = (day - FIRST).days
        buying = [c for c in self.customers if c["joined"] <= since < c["left"] and (c["stops_paying"] is None or day < c["stops_paying"] + datetime.timedelta(days=25))]
        customer = buying[self.chance.weighted([c["weight"] for c in buying])]
        wanted, lines = 1 + self.chance.doublings(52, 7), []
        for _ in range(wanted):
            known = self.chance.percent(85)
            index = self.chance.of(customer["favourites"]) if known else self.chance.weighted([p["weight"] for p in self.products])
            product = self.products[index]
            if all(product["sku"] != line["sku"] for line in lines):
                pieces = self.pieces(product, customer)
                pieces = min(pieces, self.items[product["sku"]].pieces)
                if pieces > 0:
                    lines.append({"sku": product["sku"], "description": product["name"], "quantity": pieces, "price": product["price"], "discount": customer["discount"], "rate": product["tax"]})
        if not lines:
            return
        if sum(line["quantity"] * line["price"] for line in lines) < 12_000:
            lines.append({"sku": "", "description": "Shipping", "quantity": 1, "price": 690, "discount": 0, "rate": 19, "account": "4200"})
        invoice = self.invoice(day, customer, lines)
        for number, line in enumerate(lines):
            if line["sku"]:
                worth = self.items[line["sku"]].take(line["quantity"])
                line["shipment"] = self.move("shipment", line["sku"], line["quantity"], day, -worth, reference=invoice.number, customer=customer["id"])
                line["worth"] = worth
                if self.chance.percent(1.6):
                    self.plan(day + datetime.timedelta(days=self.chance.between(4, 21)), "return", invoice, number)

    def pieces(self, product, customer):
        if product["price"] > 10_000:
            return 1
        return (2 + self.chance.below(6)) * customer["scale"] * (1 << self.chance.doublings(34, 4))

    def invoice(self, day, customer, lines):
        for line in lines:
            line["rate"] = line["rate"] if customer["tax"] is None else 0
            line["net"], line["tax"] = line_amounts(line["quantity"], line["price"], line["discount"], line["rate"])
        number = f"RE-{day.year}-{self.next(day.year):04}"
        invoice = Invoice(number, customer, day, day + datetime.timedelta(days=customer["terms"]), lines)
        self.invoices.append(invoice)
        for line in lines:
            account = line.get("account", SALES)
            self.ledger.post((RECEIVABLE, line["net"] + line["tax"]), (account, -line["net"]), (SALES_TAX, -line["tax"]))
        credit = min(self.credits.get(customer["id"], 0), invoice.gross)
        if credit and self.chance.percent(80):
            self.credits[customer["id"]] -= credit
            invoice.open -= credit
            invoice.used_credit = True
            self.ledger.post((CREDIT, credit), (RECEIVABLE, -credit))
            self.correct(invoice, "apply-credit", {"amount": money(credit), "date": str(day), "reference": f"credit for {number}"})
        if invoice.open:
            self.plan(self.pay_day(invoice), "pay", invoice)
        return invoice

    def correct(self, invoice, command, body):
        self.corrections.append({"context": "invoicing", "aggregate": "invoice", "id": invoice.number, "command": command, "body": body})

    def pay_day(self, invoice):
        """Most pay around the due date, some late, a few very late."""
        payer = invoice.customer["payer"]
        if payer == 0:
            late = self.chance.between(-6, 3)
        elif payer == 1:
            late = self.chance.between(0, 9) + 6 * self.chance.doublings(45, 4)
        else:
            late = self.chance.between(8, 30) + 14 * self.chance.doublings(50, 4)
        day = max(invoice.date, invoice.due + datetime.timedelta(days=late))
        while day.weekday() > 4:
            day += datetime.timedelta(days=1)
        return day

    def pay(self, day, invoice):
        stops = invoice.customer["stops_paying"]
        if stops and day >= stops:
            self.plan(invoice.due + datetime.timedelta(days=160), "write-off", invoice)
            return
        if invoice.open <= 0:
            return
        amount, kind = invoice.open, self.chance.weighted([94, 4, 2])
        if kind == 1 and not invoice.payments and amount > 5_000:
            amount = amount * self.chance.of([40, 50, 60, 70]) // 100
            self.plan(day + datetime.timedelta(days=self.chance.between(12, 45)), "pay", invoice)
        elif kind == 2 and not invoice.used_credit:
            amount += self.chance.of([10, 100, 500, 1_000, 2_000])
        applied = min(amount, invoice.open)
        invoice.open -= applied
        invoice.payments += 1
        customer = invoice.customer["id"]
        self.credits[customer] = self.credits.get(customer, 0) + amount - applied
        self.ledger.post((BANK, amount), (RECEIVABLE, -applied), (CREDIT, applied - amount))
        number = self.next("payment")
        self.payments.append([f"ZE-{number:05}", day, customer, invoice.customer["name"], amount, self.chance.of(["Bank transfer"] * 8 + ["Direct debit", "Credit card"]), f"{day:%y%m%d}-{number:05}", invoice.number])

    def give_back(self, day, invoice, number):
        """Goods come back, all or a part of them, and are credited."""
        line = invoice.lines[number]
        pieces = line["quantity"] if self.chance.percent(55) else 1 + self.chance.below(line["quantity"])
        worth = rounded(line["worth"] * pieces, line["quantity"])
        self.items[line["sku"]].add(pieces, worth)
        self.move("return", line["sku"], pieces, day, worth, shipment=line["shipment"], reason=self.chance.of(["damaged", "wrong item", "not as ordered", "too many"]), reference=invoice.number)
        gross = line["net"] + line["tax"]
        part = rounded(gross * pieces, line["quantity"])
        self.credit(day, invoice, number, part, "goods returned")

    def credit(self, day, invoice, number, part, reason):
        line = invoice.lines[number]
        gross = line["net"] + line["tax"]
        tax = line["tax"] if part == gross else rounded(part * line["tax"], gross)
        applied = min(part, max(invoice.open, 0))
        invoice.open -= applied
        customer = invoice.customer["id"]
        self.credits[customer] = self.credits.get(customer, 0) + part - applied
        self.ledger.post((line.get("account", SALES), part - tax), (SALES_TAX, tax), (RECEIVABLE, -applied), (CREDIT, applied - part))
        self.credit_notes.append((day, part - tax, part))
        body = {"lines": [{"line_id": str(number + 1), "amount": money(part)}], "date": str(day), "reason": reason, "reference": f"case {self.next('case'):03}"}
        self.correct(invoice, "credit", body)

    def write_off(self, day, invoice):
        if invoice.open > 0:
            invoice.written_off, amount = invoice.open, invoice.open
            invoice.open = 0
            self.ledger.post((BAD_DEBT, amount), (RECEIVABLE, -amount))
            self.correct(invoice, "write-off", {"date": str(day), "reason": "insolvent"})

    # Time.

    def run(self):
        self.ledger.post((BANK, 9_500_000), (CAPITAL, -9_500_000))
        self.ledger.post(("1600", 3_600_000), (OPENINGS, -3_600_000))
        self.open_stock()
        day = FIRST
        while day <= LAST:
            self.today = day
            for kind, *what in self.agenda.pop(day, []):
                {"delivery": self.delivery, "bill": self.bill, "pay-bill": self.pay_bill, "return": self.give_back, "pay": self.pay, "write-off": self.write_off}[kind](day, *what)
            for sub, lines in self.subscription_bills.get(day, []):
                made = [{"sku": "", "discount": 0, "rate": 19, "account": SERVICES, **line} for line in lines]
                self.invoice(day, sub["customer"], made)
            if is_work_day(day):
                for _ in range(self.orders_on(day)):
                    self.order(day)
                self.review(day)
            self.month_end(day)
            bank = self.ledger.balances[BANK]
            self.lowest_bank = bank if self.lowest_bank is None else min(bank, self.lowest_bank)
            day += datetime.timedelta(days=1)

    def orders_on(self, day):
        first, last = ORDERS_PER_100_DAYS
        months = (day.year - FIRST.year) * 12 + day.month - 1
        mean = (first + (last - first) * months // 23) * SEASON[day.month - 1] * WEEKDAY[day.weekday()] // 100
        # Sixteen coins, so that days differ about as much as orders that come by themselves.
        return sum(self.chance.below(1_600) * 100 < mean for _ in range(16))

    def month_end(self, day):
        following = day + datetime.timedelta(days=1)
        if following.month == day.month:
            return
        number, raised = f"LG-{day:%Y-%m}", 103 if day.year > FIRST.year else 100
        wages, social = WAGES * raised // 100, SOCIAL * raised // 100
        self.journal += [[number, day, "Wages", "6000", wages, ""], [number, day, "Wages", "6050", social, ""], [number, day, "Wages", BANK, "", wages + social],
                         [f"AFA-{day:%Y-%m}", day, "Depreciation", "6900", DEPRECIATION, ""], [f"AFA-{day:%Y-%m}", day, "Depreciation", "1690", "", DEPRECIATION]]
        self.ledger.post(("6000", wages), ("6050", social), (BANK, -wages - social))
        self.ledger.post(("6900", DEPRECIATION), ("1690", -DEPRECIATION))
        for index, (text, name, account, rate, net, months) in enumerate(OVERHEADS):
            if day.month in months:
                net = net * self.chance.between(94, 106) // 100 if account in ("6200", "5200", "6400") else net
                supplier = {"id": f"S-{201 + index}", "name": name}
                self.bill(day, supplier, 14, [{"description": f"{text}, {day:%m/%Y}", "sku": "", "quantity": 1, "price": net, "rate": rate, "account": account}])
        if day.month % 3 == 0:
            self.settle_taxes(day)
            self.count_some(day)

    def settle_taxes(self, day):
        """The sales tax of a quarter, less the input tax, goes to the tax office."""
        owed, paid = -self.ledger.balances.get(SALES_TAX, 0), self.ledger.balances.get(INPUT_TAX, 0)
        number = f"UST-{day:%Y-%m}"
        sides = [(SALES_TAX, owed), (INPUT_TAX, -paid), (BANK, paid - owed)]
        self.ledger.post(*sides)
        self.journal += [[number, day, "Sales tax of the quarter", account, max(amount, 0) or "", max(-amount, 0) or ""] for account, amount in sides if amount]


def money(minor):
    return {"amount_minor": minor, "currency": "EUR"}
