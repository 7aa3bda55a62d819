"""What the generators of sample data share: chance that is the same on every machine, telephone numbers, CSV, and writing or comparing files.

All chance comes from `random.Random.random`, whose sequence Python promises to keep; nothing else of `random`, and nothing of `math` whose
last digit a machine may round differently, is used.
"""

import csv
import io
import random
import sys

import crm_words as words


class Chance:
    """Draws that only use `random()`."""

    def __init__(self, seed):
        self.source = random.Random(seed)

    def below(self, limit):
        return int(self.source.random() * limit)

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def of(self, items):
        return items[self.below(len(items))]

    def percent(self, share):
        return self.source.random() * 100 < share

    def weighted(self, weights):
        """An index, as likely as its whole number says."""
        draw = self.below(sum(weights))
        for index, weight in enumerate(weights):
            draw -= weight
            if draw < 0:
                return index
        return len(weights) - 1

    def doublings(self, share, most):
        """How often a coin that falls so in `share` percent does so in a row: what doubles with it has a long tail."""
        count = 0
        while count < most and self.percent(share):
            count += 1
        return count

    def shuffled(self, items):
        items = list(items)
        for at in range(len(items) - 1, 0, -1):
            other = self.below(at + 1)
            items[at], items[other] = items[other], items[at]
        return items


class Phones:
    """Fictional numbers, each given out once."""

    def __init__(self, chance):
        self.chance, self.used = chance, set()

    def fresh(self, country):
        """The region of the number, its country code and its national digits."""
        while True:
            region = country if country in words.PHONES else "GB"
            code, prefixes, digits, _ = words.PHONES[region]
            national = self.chance.of(prefixes).replace(" ", "") + str(self.chance.below(10**digits)).zfill(digits)
            if (code, national) not in self.used:
                self.used.add((code, national))
                return region, code, national
            country = self.chance.of(list(words.PHONES))

    def written(self, number, local):
        region, code, national = number
        parts = [national[:3], national[3:6], national[6:]]
        if local:
            trunk = words.PHONES[region][3]
            return self.chance.of([f"({trunk}{parts[0]}) {parts[1]}-{parts[2]}", f"{trunk}{parts[0]} {parts[1]}{parts[2]}", f"{trunk}{national}"])
        return self.chance.of([f"+{code} {parts[0]} {parts[1]} {parts[2]}", f"+{code}{national}", f"+{code}-{parts[0]}-{parts[1]}-{parts[2]}",
                               f"00{code} {parts[0]} {parts[1]}{parts[2]}", f"+{code} ({parts[0]}) {parts[1]}.{parts[2]}", f" +{code} {national} "])


def csv_row(cells, quote_all, end):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL, lineterminator=end).writerow(cells)
    return out.getvalue()


def csv_text(columns, rows):
    """A whole file, quoted only where needed."""
    return "".join(csv_row(row, False, "\n") for row in [columns, *rows])


def write_or_compare(folder, files):
    """Writes the files, or with `--check` compares them with those on disk."""
    check, stale = "--check" in sys.argv[1:], []
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path, content = folder / name, text.encode("utf-8")
        if not check:
            path.write_bytes(content)
        elif not path.exists() or path.read_bytes() != content:
            stale.append(name)
    if stale:
        sys.exit(f"differs from what the generator writes: {', '.join(stale)}")
