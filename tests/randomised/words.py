# SPDX-License-Identifier: Apache-2.0
#
# The kinds of random words that templates name. Pools are small, so that commands meet one another's data; values
# stand at the edges that stores care about: integers, bytes that are no text, what no longer fits a packed encoding.
#
# Keys begin with a letter for what mostly lies there: s string, n number, b bits, l list, h hash, t set, z sorted set,
# g positions, p HyperLogLog. Two kinds of sorted set keep an invariant, and no other command is given their names to
# write: in x all scores are 0, so that ranges by member are defined; in y all positions differ, so that there is one
# nearest.

POOLS = "snblhtzgp"
KEYS_OF_A_KIND = 4
NONSENSE = [b"", b"abc", b"-1", b"1.5", b"99999999999999999999", b"-9223372036854775808", b"nan", b"(", b"\xff\x00"]
LONG = b"long" * 20  # more than a packed element may have


def key(letter):
    def word(random):
        chosen = letter if random.random() < 0.96 else random.choice(POOLS)
        return b"%s%d" % (chosen.encode(), random.randrange(KEYS_OF_A_KIND))
    return word


def any_key(random):
    return b"%s%d" % (random.choice(POOLS).encode(), random.randrange(KEYS_OF_A_KIND))


def kept_key(letter):
    return lambda random: b"%s%d" % (letter.encode(), random.randrange(2))


def one_of(*choices):
    return lambda random: random.choice(choices)


def mixed(*weighted):
    """Each with its weight: (70, words), ..."""
    weights = [weight for weight, _ in weighted]
    makers = [maker for _, maker in weighted]
    return lambda random: random.choices(makers, weights)[0](random)


def between(low, high):
    return lambda random: b"%d" % random.randint(low, high)


def fraction(low, high, digits):
    return lambda random: b"%.*f" % (digits, random.uniform(low, high))


def bits(random):
    return bytes(random.randrange(256) for _ in range(random.choice((1, 2, 3, 9))))


small = between(-6, 12)
member = mixed((60, one_of(*(bytes([letter]) for letter in b"abcdefgh"))), (25, between(-3, 20)),
               (5, between(1000, 100000)), (4, one_of(LONG, LONG + b"!")), (6, one_of(b"", b"n\x00l", b"a b", b"-0")))
new_member = mixed((1, between(0, 3000)), (1, lambda random: b"m%d" % random.randrange(3000)))
value = mixed((40, one_of(b"", b"x", b"hello world", b"ohmytext", b"mynewtext", b"y\x00\x01\xff", LONG)),
              (35, between(-100, 100)), (10, between(-2**63, 2**63 - 1)), (15, fraction(-10, 10, 3)))
score = mixed((55, between(-5, 10)), (15, fraction(-3, 3, 2)), (5, fraction(-1, 1, 17)),
              (20, one_of(b"inf", b"-inf", b"+inf", b"-0", b"1e20", b"1e-7", b"3.0e3", b"0x10", b"1e308", b"5e-324",
                          b"9007199254740993")),
              (5, one_of(b"nan", b"", b" 5", b"5 ", b"1e400", b"abc", b"infinity")))
bound = mixed((35, between(-5, 10)), (25, lambda random: b"(%d" % random.randint(-5, 10)), (15, fraction(-3, 3, 1)),
              (20, one_of(b"-inf", b"+inf", b"inf", b"(inf", b"(-inf")), (5, one_of(b"", b"(", b"nan", b" 1", b"[1")))
lex_bound = mixed((30, one_of(b"-", b"+")),
                  (65, lambda random: random.choice((b"[", b"(")) + random.choice(b"abcdefgh0123".decode()).encode()),
                  (5, one_of(b"", b"[", b"(", b"a", b"--", b"+a")))
index = mixed((80, small), (10, between(-1000, 1000)), (5, one_of(b"0", b"-1")),
              (5, one_of(b"9223372036854775807", b"-9223372036854775808", b"x", b"01", b"+1")))
count = mixed((75, between(0, 6)), (10, between(-5, -1)), (10, between(100, 1000)), (5, one_of(b"x", b"1.5", b"")))
pattern = one_of(b"*", b"a*", b"[a-d]", b"?", b"[^a]", b"\\a", b"*1*", b"m1*", b"", b"[", b"h?llo", b"1[0-9]")
longitude = mixed((90, fraction(-180, 180, 6)), (5, one_of(b"180", b"-180", b"0")), (5, one_of(b"181", b"x", b"nan")))
latitude = mixed((90, fraction(-85, 85, 6)), (5, one_of(b"85.05112878", b"-85.05112878", b"0")),
                 (5, one_of(b"86", b"x")))
radius = mixed((90, fraction(0, 9000, 2)), (5, one_of(b"0", b"1e9")), (5, one_of(b"-1", b"x")))
# Deadlines are far enough away, and so spread that no two are within the time that a run takes.
seconds = mixed((92, between(10**5, 10**8)), (4, one_of(b"0", b"-1", b"-100")), (4, one_of(b"x", b"9223372036854775807")))
milliseconds = mixed((92, between(10**8, 10**11)), (4, one_of(b"0", b"-1")), (4, one_of(b"x", b"9223372036854775807")))
at_seconds = mixed((95, between(3 * 10**9, 10**10)), (5, one_of(b"0", b"-1", b"x")))
at_milliseconds = mixed((95, between(3 * 10**12, 10**13)), (5, one_of(b"0", b"-1", b"x")))
bit_type = mixed((90, lambda random: random.choice((b"u", b"i")) + b"%d" % random.randint(1, 63)),
                 (10, one_of(b"i64", b"u64", b"u0", b"i65", b"x8", b"u")))
bit_offset = mixed((70, between(0, 70)), (20, lambda random: b"#%d" % random.randint(0, 9)),
                   (10, one_of(b"-1", b"x", b"#", b"4294967296")))

KINDS = {letter: key(letter) for letter in POOLS}
KINDS |= {
    "k": any_key,
    "x": kept_key("x"), "y": kept_key("y"), "member": member, "new_member": new_member, "field": member, "value": value,
    "score": score, "bound": bound, "lex": lex_bound, "i": index, "count": count, "pattern": pattern,
    "lon": longitude, "lat": latitude, "east": fraction(-180, 180, 6), "north": fraction(-85, 85, 6), "radius": radius, "unit": one_of(b"m", b"km", b"ft", b"mi", b"KM", b"yd"),
    "seconds": seconds, "ms": milliseconds, "at_seconds": at_seconds, "at_ms": at_milliseconds, "bits": bits,
    "bit_type": bit_type, "bit_offset": bit_offset, "bit": mixed((95, one_of(b"0", b"1")), (5, one_of(b"2", b"x"))),
    "db": one_of(b"0", b"1", b"2"), "int": between(-100, 100), "float": score,
    "place": lambda random: b"place%d" % random.randrange(30),
    "weight": mixed((90, fraction(-2, 3, 1)), (10, one_of(b"inf", b"-inf", b"0", b"x"))),
    "key_pattern": one_of(b"*", b"s*", b"?1", b"[lh]*", b"[^s]?", b"nothing"),
    "letters": lambda random: bytes(random.choice(b"abcd") for _ in range(random.randint(0, 12))),
}
