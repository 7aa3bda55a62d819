"""Plans and subscriptions of the trading company: coffee for offices, and the service of machines with a price for each cup."""

import datetime

PLANS = {
    "office-s": {"name": "Office coffee S", "months": 1, "price": 7_900},
    "office-m": {"name": "Office coffee M", "months": 1, "price": 14_900},
    "office-l": {"name": "Office coffee L", "months": 1, "price": 28_900},
    "service-quarter": {"name": "Machine service, quarterly", "months": 3, "price": 11_700, "free": 3_000},
    "service-year": {"name": "Machine service, yearly", "months": 12, "price": 42_000, "free": 12_000},
}
CUP = 2  # Cents for a cup beyond those that are free.
REASONS = ["closing down", "too expensive", "moving to another product", "no longer needed"]


def later(day, months):
    """The day so many months later; days after the 28th do not occur."""
    month = day.month - 1 + months
    return datetime.date(day.year + month // 12, month % 12 + 1, day.day)


def subscriptions(chance, customers, first, last, count):
    """Subscriptions with their terms in time, and their end where there was one."""
    made = []
    for number, customer in enumerate(chance.shuffled(customers)[:count]):
        office = customer["kind"] == "Business services" or chance.percent(40)
        plan, quantity = (chance.of(["office-s", "office-s", "office-m"]), 1) if office else (chance.of(["service-quarter", "service-quarter", "service-year"]), 1 + chance.below(3))
        days = (last - first).days
        day = first + datetime.timedelta(days=chance.below(40) if chance.percent(35) else chance.below(days - 60))
        day = day.replace(day=min(day.day, 28))
        sub = {"id": f"SUB-{number + 1:03}", "customer": customer, "terms": [(day, plan, quantity)], "ended": None, "reason": ""}
        at = later(day, PLANS[plan]["months"])
        while at <= last:
            if chance.percent(2 * PLANS[plan]["months"]):
                sub["ended"], sub["reason"] = at, chance.of(REASONS)
                break
            if chance.percent(4 * PLANS[plan]["months"]):
                plan, quantity = changed(chance, plan, quantity)
                sub["terms"].append((at, plan, quantity))
            at = later(at, PLANS[plan]["months"])
        made.append(sub)
    return made


def changed(chance, plan, quantity):
    """What a customer changes to."""
    if plan.startswith("office"):
        return {"office-s": "office-m", "office-m": chance.of(["office-l", "office-l", "office-s"]), "office-l": "office-m"}[plan], 1
    if plan == "service-quarter" and chance.percent(40):
        return "service-year", quantity
    return plan, quantity + 1 if quantity == 1 or chance.percent(60) else quantity - 1


def monthly(plan, quantity):
    return PLANS[plan]["price"] * quantity // PLANS[plan]["months"]


def periods(sub, last):
    """Each period that began: its start, its end, plan and quantity."""
    for index, (start, plan, quantity) in enumerate(sub["terms"]):
        until = sub["terms"][index + 1][0] if index + 1 < len(sub["terms"]) else sub["ended"] or last + datetime.timedelta(days=1)
        at = start
        while at < until:
            end = later(at, PLANS[plan]["months"])
            yield at, end, plan, quantity
            at = end


def bills(chance, made, last):
    """The lines of the invoices for subscriptions, by day: the flat price of a period, and the cups of the one before."""
    by_day = {}
    for sub in made:
        cups = None
        for start, end, plan, quantity in periods(sub, last):
            terms = PLANS[plan]
            until = end - datetime.timedelta(days=1)
            lines = [{"description": f"{terms['name']}, {start} to {until}", "quantity": quantity, "price": terms["price"]}]
            if cups:
                lines.append({"description": "Cups beyond those included", "quantity": cups, "price": CUP})
            by_day.setdefault(start, []).append((sub, lines))
            used = sum(650 + chance.below(900) for _ in range(terms["months"] * quantity))
            cups = max(0, used - terms["free"]) if "free" in terms else None
    return by_day


def recurring_by_month(made, months):
    """What subscriptions come to in a month, at the end of each month."""
    moves = []
    for sub in made:
        before = 0
        for day, plan, quantity in sub["terms"]:
            moves.append((f"{day:%Y-%m}", monthly(plan, quantity) - before))
            before = monthly(plan, quantity)
        if sub["ended"]:
            moves.append((f"{sub['ended']:%Y-%m}", -before))
    return {month: sum(amount for at, amount in moves if at <= month) for month in months}


def usage(chance, made, last):
    """Cups of the last month, by working day, of the subscriptions to machine service that go on."""
    rows, total = [], 0
    for sub in made:
        start, plan, quantity = sub["terms"][-1]
        if sub["ended"] or "free" not in PLANS[plan]:
            continue
        day = max(start, last.replace(day=1))
        while day <= last:
            if day.weekday() < 5 and (day.month, day.day) not in ((12, 25), (12, 26)):
                cups = quantity * (25 + chance.below(45))
                rows.append([sub["id"], f"{sub['id']}-{day:%Y%m%d}", "cups", str(cups), f"{day}T18:00:00Z"])
                total += cups
            day += datetime.timedelta(days=1)
    return rows, total
