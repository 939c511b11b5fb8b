"""Writes the cases of this folder, from the rule for passphrases in docs/format.md alone.

It shares no line and no table with the program that it tests: Unicode's tables are those of Python's `unicodedata`. All
inputs are fixed, and none of them is a code point that Unicode has changed since version 14, so that it writes the same
files each time. It needs Python alone: `python3 tests/conformance/passphrases/vectors.py`.
"""

import pathlib
import unicodedata

HERE = pathlib.Path(__file__).parent
LONGEST = 64 * 1024
MARK = "\ufeff"


def prepared(given):
    """The passphrase that these bytes are, or why they are none."""
    if len(given) > LONGEST:
        return None, "too long"
    try:
        text = given.decode("utf-8", errors="strict")
    except UnicodeDecodeError:
        return None, "not UTF-8"
    text = text.removeprefix(MARK)
    if not text:
        return None, "empty"
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        return None, "control character"
    text = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in text)
    return unicodedata.normalize("NFC", text).encode("utf-8"), None


def shown(data):
    """Hexadecimal digits; a long run of one unit is written as `N*unit`."""
    for length in range(1, 13):
        unit, times = data[:length], len(data) // length
        if times > 100 and unit * times == data:
            return f"{times}*{unit.hex()}"
    return data.hex()


def write(name, what, given):
    given = given.encode("utf-8") if isinstance(given, str) else given
    result, refusal = prepared(given)
    outcome = f"refused: {refusal}" if refusal else f"prepared: {shown(result)}"
    text = f"what: {what}\ngiven: {shown(given)}\n{outcome}\n"
    (HERE / f"{name}.case").write_text(text, encoding="utf-8")


def plain():
    write("ascii", "ASCII stays as it is", "correct horse battery staple")
    write("ascii-signs", "signs, digits and capitals stay as they are", "Tr0ub4dor&3 ~!\"'\\")
    write("blanks", "blanks at both ends and in a row stay", "  two  words ")
    write("blanks-alone", "blanks alone are a passphrase", "   ")
    write("empty", "nothing is no passphrase", "")
    write("case", "capital and small letters stay apart", "Stra\u00dfe \u0130 \u0131 \u03a3\u03c2")


def forms():
    write("nfc-composed", "a composed letter stays", "caf\u00e9")
    write("nfc-decomposed", "a letter and its accent are composed", "cafe\u0301")
    write("nfc-two-accents", "several accents are composed as far as they can be", "o\u0302\u0301\u0323")
    write("nfc-order", "accents are brought into their order", "q\u0307\u0323")
    write("nfc-hangul", "a syllable of Hangul is composed", "\u1112\u1161\u11ab\u1100\u1173\u11af")
    write("nfc-kana", "a kana and its voicing mark are composed", "\u304b\u3099\u30db\u309a")
    write("nfc-angstrom", "a sign that Unicode has twice becomes the letter", "\u212b\u2126\u212a")
    write("nfc-exclusion", "a letter that is excluded from composition is decomposed", "\u0958\ufb2a")
    write("nfc-musical", "the form that grows most", "\U0001d160")
    write("nfc-ideograph", "a compatibility ideograph becomes the unified one", "\uf900\U0002f800")
    write("compatibility", "compatibility forms stay", "\ufb01\uff21\u00b2\u2460\uff76\uff9e")
    write("accent-first", "an accent may come first", "\u0301a")
    write("blank-accent", "an accent on a space that is mapped stays behind the blank", "\u00a0\u0301x")


def spaces():
    everything = map(chr, range(0x110000))
    found = [letter for letter in everything if unicodedata.category(letter) == "Zs" and letter != " "]
    for letter in found:
        name = f"{ord(letter):04x}"
        write(f"space-{name}", f"U+{name.upper()} becomes U+0020", f"two{letter}words")
    write("spaces", "every space becomes U+0020, and none goes", "".join(found))
    for letter in "\u200b\u2060\u180e\u00ad\u2028\u2029":
        name = f"{ord(letter):04x}"
        write(f"no-space-{name}", f"U+{name.upper()} is no space and stays", f"two{letter}words")


def marks():
    write("mark", "a leading byte-order mark is dropped", MARK + "word")
    write("mark-decomposed", "what is behind a byte-order mark is composed", MARK + "e\u0301")
    write("mark-twice", "one mark is dropped, and no more", MARK + MARK + "word")
    write("mark-inside", "a mark that is not the first stays", "wo" + MARK + "rd")
    write("mark-last", "a mark at the end stays", "word" + MARK)
    write("mark-alone", "a mark alone is no passphrase", MARK)
    write("mark-utf-16", "UTF-16 is not UTF-8", "\ufeffword".encode("utf-16-le"))


def refusals():
    for code in [0x00, 0x01, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F]:
        name = f"{code:04x}"
        write(f"control-{name}", f"U+{name.upper()} is a control character", f"two{chr(code)}words")
    write("control-first", "a control character at the start", "\tword")
    write("control-last", "a line feed at the end of a passphrase is a part of it", "word\n")
    write("control-behind-mark", "a control character behind a byte-order mark", MARK + "\x00")
    for name, data in {
        "lone-byte": b"\xff",
        "continuation": b"a\x80",
        "cut-short": b"caf\xc3",
        "overlong": b"\xc0\x80",
        "surrogate": b"\xed\xa0\x80",
        "too-high": b"\xf4\x90\x80\x80",
        "latin-1": "caf\u00e9".encode("latin-1"),
    }.items():
        write(f"utf-8-{name}", "not UTF-8", b"word" + data)


def others():
    write("unassigned", "code points that are not assigned pass", "\u0378\U0003fffd")
    write("noncharacter", "code points that never will be characters pass", "\ufdd0\uffff\U0010ffff")
    write("private", "code points for private use pass", "\ue000\U0010fffd")
    write("joined", "joiners and variation selectors stay", "\U0001f469\u200d\U0001f692\u2764\ufe0f")
    write("direction", "marks of direction stay", "a\u202eb\u2066c\u200f")
    write("tags", "tag characters stay", "\U0001f3f4\U000e0067\U000e007f")


def lengths():
    write("longest", "65,536 bytes", "x" * LONGEST)
    write("longest-three", "65,535 bytes in letters of three bytes", "\u20ac" * (LONGEST // 3))
    write("longest-four", "65,536 bytes in letters of four bytes", "\U0001f512" * (LONGEST // 4))
    write("longest-growing", "65,535 bytes that become more", "\u0958" * (LONGEST // 3))
    write("too-long", "65,537 bytes", "x" * (LONGEST + 1))
    write("too-long-three", "65,538 bytes in letters of three bytes", "\u20ac" * (LONGEST // 3 + 1))
    write("too-long-four", "65,540 bytes in letters of four bytes", "\U0001f512" * (LONGEST // 4 + 1))
    write("too-long-decomposed", "what is given counts, not what becomes of it", "e\u0301" * 21846)
    write("too-long-not-utf-8", "what is too long is not looked at", b"\xff" * (LONGEST + 1))


for cases in (plain, forms, spaces, marks, refusals, others, lengths):
    cases()
