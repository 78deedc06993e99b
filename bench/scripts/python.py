# What Python programs do: objects and methods, dictionaries, strings, regular expressions, sorting, big numbers,
# generators, and the interpreter's own start with the compilation of the modules that it imports.
import collections
import functools
import heapq
import re


class Node:
    def __init__(self, name):
        self.name = name
        self.edges = []

    def connect(self, other, weight):
        self.edges.append((other, weight))


def noise(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2147483648
        yield seed >> 8


def shortest_paths(count):
    numbers = noise(7)
    nodes = [Node(i) for i in range(count)]
    for node in nodes:
        for _ in range(4):
            node.connect(nodes[next(numbers) % count], next(numbers) % 100 + 1)
    best = {0: 0}
    queue = [(0, 0)]
    while queue:
        length, name = heapq.heappop(queue)
        if best[name] < length:
            continue
        for other, weight in nodes[name].edges:
            further = length + weight
            if further < best.get(other.name, 1 << 30):
                best[other.name] = further
                heapq.heappush(queue, (further, other.name))
    return sum(best.values())


def words(count):
    numbers = noise(11)
    text = " ".join("w%s-%d," % ("abcdef"[next(numbers) % 6] * 2, next(numbers) % 500) for _ in range(count))
    counts = collections.Counter(re.findall(r"\bw([a-f]+)-(\d+)", text))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    replaced = re.sub(r"(\d+),", lambda match: str(int(match.group(1)) * 3), text)
    return sum(n * len(key[1]) for key, n in ordered[:300]) + len(replaced)


@functools.lru_cache(maxsize=None)
def ways(amount, coins):
    if amount == 0:
        return 1
    if amount < 0 or not coins:
        return 0
    return ways(amount - coins[0], coins) + ways(amount, coins[1:])


def queens(size, row=0, columns=0, left=0, right=0):
    if row == size:
        return 1
    total = 0
    free = ~(columns | left | right) & ((1 << size) - 1)
    while free:
        bit = free & -free
        free ^= bit
        total += queens(size, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return total


checksum = [
    shortest_paths(3000),
    words(12000),
    ways(300, (50, 20, 10, 5, 2, 1)),
    queens(7),
    pow(3, 20000) % 1000003 + len(str(7**2500)),
]
print("@checksum", *checksum)
