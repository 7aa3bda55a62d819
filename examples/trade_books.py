"""The arithmetic that the platform must arrive at: what stock is worth, what documents amount to, and what the accounts hold.

It is written from the published rules (docs of the contexts), not from the platform's code: stock leaves the oldest layer first, or at the
moving average; shares and taxes are rounded half away from zero, line by line.
"""


def rounded(numerator, divisor):
    """A quotient as a whole number, halves away from zero."""
    quotient, rest = divmod(abs(numerator), divisor)
    quotient += 2 * rest >= divisor
    return quotient if numerator >= 0 else -quotient


class Item:
    """A product in the warehouse."""

    def __init__(self, valuation):
        self.fifo, self.pieces, self.worth, self.layers = valuation == "fifo", 0, 0, []

    def add(self, pieces, worth):
        self.pieces += pieces
        self.worth += worth
        self.layers.append([pieces, worth])

    def take(self, pieces):
        """What so many pieces are worth that leave."""
        assert 0 < pieces <= self.pieces
        left, taken = pieces, 0
        while left:
            layer = self.layers[0]
            part = min(left, layer[0])
            worth = rounded(layer[1] * part, layer[0])
            layer[0] -= part
            layer[1] -= worth
            left -= part
            taken += worth
            if not layer[0]:
                self.layers.pop(0)
        if not self.fifo:
            taken = rounded(self.worth * pieces, self.pieces)
        self.pieces -= pieces
        self.worth -= taken
        return taken

    def found(self, pieces, cost):
        """What found pieces are worth: as much as the others on average, or what the product costs."""
        return rounded(self.worth * pieces, self.pieces) if self.pieces else cost * pieces


def line_amounts(quantity, price, discount, rate):
    """Net and tax of a line."""
    net = rounded(quantity * price * (100 - discount), 100)
    return net, rounded(net * rate, 100)


class Ledger:
    """What the accounts hold, debits positive."""

    def __init__(self):
        self.balances = {}

    def post(self, *lines):
        assert sum(amount for _, amount in lines) == 0, lines
        for account, amount in lines:
            self.balances[account] = self.balances.get(account, 0) + amount


class Invoice:
    """An invoice and what became of it."""

    def __init__(self, number, customer, date, due, lines):
        self.number, self.customer, self.date, self.due, self.lines = number, customer, date, due, lines
        self.net, self.tax = sum(line["net"] for line in lines), sum(line["tax"] for line in lines)
        self.gross = self.open = self.net + self.tax
        self.credited, self.written_off, self.payments = {}, 0, 0
        self.used_credit = False
