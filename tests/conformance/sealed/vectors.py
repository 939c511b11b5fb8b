"""Writes the cases of this folder, from the description of format 1 alone.

It shares no line with the program that it tests: AES-256-GCM-SIV, HKDF and HMAC are those of the Python package
`cryptography` (with OpenSSL 3.2 or later in it), XXH3 is that of `xxhash`. All inputs are fixed, so that it writes the
same files each time; `README.md`, one folder up, says how to run it.
"""

import pathlib
import struct

import xxhash
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

HERE = pathlib.Path(__file__).parent
PREFIX = b"plugin-vault/1 "
META, KEYS, RECORD_ADDRESS, RECORD_DATA, CHANGES, SLOT = range(1, 7)
TABLES = {"meta": 1, "keys": 2, "records": 3, "leases": 4, "changes": 5}
NEVER = 2**64 - 1


def bytes_from(first, count):
    """`count` bytes that count up from `first`."""
    return bytes((first + at) % 256 for at in range(count))


STORE = bytes_from(0x10, 16)
NAMESPACE = bytes_from(0x30, 16)
PROTECTOR_KEY = bytes_from(0x50, 32)
STORE_KEY = bytes_from(0x80, 32)
DATA_KEY = bytes_from(0xB0, 32)
API_KEY = bytes.fromhex("0123456789abcdef0123456789abcdef01234567")
NONCE = bytes_from(0xE0, 12)


def subkey(key, use):
    return HKDFExpand(algorithm=hashes.SHA256(), length=32, info=PREFIX + use).derive(key)


def from_api_key(store_key, api_key, use, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=store_key, info=PREFIX + use).derive(api_key)


def mac(key, data):
    code = hmac.HMAC(key, hashes.SHA256())
    code.update(data)
    return code.finalize()


def bound(place, key, header, store=STORE):
    return (
        store + bytes([place]) + struct.pack(">H", len(key)) + key + struct.pack(">H", len(header)) + header
    )


def padded(text):
    whole = struct.pack(">I", len(text)) + text
    return whole + bytes(-len(whole) % 64)


def seal_raw(key, data, plain, nonce=NONCE):
    return nonce + AESGCMSIV(key).encrypt(nonce, plain, data)


def seal(key, data, text, nonce=NONCE):
    return seal_raw(key, data, padded(text), nonce)


def address(folder=None, name=None):
    folder, name = (folder or "").encode(), (name or "").encode()
    context = b"\x02" if folder else b"\x01"
    parts = [b"", folder, name]  # The machine is empty.
    return context + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def record_id(data_key, namespace, at):
    return namespace + mac(subkey(data_key, b"record id"), at)[:16]


def lease_id(data_key, namespace, name):
    return namespace + mac(subkey(data_key, b"lease name"), name.encode())[:16]


def record_header(revision, created, updated, expires):
    return b"\x01\x00" + struct.pack(">QQQQ", revision, created, updated, expires)


def record_row(header, sealed_address, sealed_data):
    return header + struct.pack(">I", len(sealed_address)) + sealed_address + sealed_data


def checksum(table, key, value):
    whole = bytes([TABLES[table]]) + struct.pack(">H", len(key)) + key + value
    return xxhash.xxh3_64(whole).intdigest().to_bytes(8, "big")


def write(name, what, kind, lines):
    """One case. Bytes are written as hexadecimal digits, anything else as it is."""
    text = [f"what: {what}", f"kind: {kind}"]
    for word, value in lines.items():
        shown = value.hex() if isinstance(value, bytes) else str(value)
        text.append(f"{word.replace('_', '-')}: {shown}".rstrip())
    (HERE / f"{name}.case").write_text("\n".join(text) + "\n", encoding="utf-8")


def flipped(value, at, bit=0x01):
    changed = bytearray(value)
    changed[at] ^= bit
    return bytes(changed)


def refusals(name, kind, given, parts, outcomes):
    """One case for each of `parts` (word, position, what it is) with a bit of it changed, and nothing else."""
    for word, at, called in parts:
        lines = {key: value for key, value in given.items() if key not in outcomes}
        lines[word] = flipped(lines[word], at)
        label = called.replace(" ", "-").replace("'", "")
        write(f"{name}-refused-{label}", f"{called} differs in one bit", kind, {**lines, "refused": "yes"})


def sealed_parts(word, sealed, called="sealed value"):
    end = len(sealed)
    return [
        (word, 0, f"the nonce of the {called}"),
        (word, 12, f"the length in the {called}"),
        (word, 20, f"the text of the {called}"),
        (word, end - 17, f"the padding of the {called}"),
        (word, end - 1, f"the tag of the {called}"),
    ]


def ids():
    for name, key in [("zeros", bytes(20)), ("ones", b"\xff" * 20), ("usual", API_KEY)]:
        given = dict(store_id=STORE, store_key=STORE_KEY, api_key=key)
        found = from_api_key(STORE_KEY, key, b"slot id", 16)
        write(f"slot-id-{name}", "the name of a slot", "slot id", {**given, "slot_id": found})
    addresses = {
        "user": address(),
        "user-name": address(name="token"),
        "workspace": address("file:///home/me/project"),
        "workspace-name": address("file:///home/me/project", "n" * 256),
        "not-ascii": address("file:///h%C3%A4", "\u00e4\u20ac\U0001d11e"),
        "long-folder": address("file:///" + "f" * 8000),
    }
    for name, at in addresses.items():
        given = dict(store_id=STORE, data_key=DATA_KEY, namespace_id=NAMESPACE, address=at)
        found = record_id(DATA_KEY, NAMESPACE, at)
        write(f"record-id-{name}", "the name of a record", "record id", {**given, "record_id": found})
    for name, text in [("plain", "refresh"), ("not-ascii", "\u00e4\u20ac"), ("long", "n" * 256)]:
        given = dict(store_id=STORE, data_key=DATA_KEY, namespace_id=NAMESPACE, lease_name=text)
        found = lease_id(DATA_KEY, NAMESPACE, text)
        write(f"lease-id-{name}", "the name of a lease", "lease id", {**given, "lease_id": found})
    for name, key, store in [("usual", PROTECTOR_KEY, STORE), ("zeros", bytes(32), bytes(16))]:
        found = mac(subkey(key, b"commitment"), store)
        given = dict(store_id=store, protector_key=key, commitment=found)
        write(f"commitment-{name}", "the commitment to a protector's key", "commitment", given)


def protectors():
    row_id = bytes_from(0x70, 16)
    wrap, commitment = subkey(PROTECTOR_KEY, b"wrap"), mac(subkey(PROTECTOR_KEY, b"commitment"), STORE)
    outcomes = ["opens"]
    for name, parameters in [
        ("without-parameters", b""),
        ("with-parameters", b"later versions may have some"),
    ]:
        header = b"\x01\x01" + struct.pack(">Q", 1_700_000_000_123)
        header += struct.pack(">H", len(parameters)) + parameters
        wrapped = seal(wrap, bound(META, row_id, header), STORE_KEY)
        row = header + commitment + wrapped
        given = dict(store_id=STORE, protector_key=PROTECTOR_KEY, row_id=row_id, row=row, opens="yes")
        write(f"protector-row-{name}", "the store key, wrapped by a key file", "protector row", given)
    base = len(header)
    parts = [
        ("store_id", 3, "the store id"),
        ("protector_key", 31, "the protector's key"),
        ("row_id", 0, "the row's id"),
        ("row", 0, "the format"),
        ("row", 1, "the kind"),
        ("row", 9, "the time"),
        ("row", 12, "a parameter"),
        ("row", base, "the commitment"),
        ("row", base + 32, "the nonce"),
        ("row", base + 32 + 20, "the wrapped key"),
        ("row", len(row) - 1, "the tag"),
    ]
    refusals("protector-row", "protector row", given, parts, outcomes)
    lone = dict(store_id=STORE, protector_key=PROTECTOR_KEY, row_id=row_id, header=header, wrapped=wrapped)
    write("protector-wrap", "the wrapping alone", "protector wrap", {**lone, "opened_store_key": STORE_KEY})
    protector_files(row_id, row)
    short = seal(wrap, bound(META, row_id, header), STORE_KEY[:31])
    lines = {**lone, "wrapped": short, "refused": "yes"}
    write("protector-wrap-refused-short-key", "a key of 31 bytes is no key", "protector wrap", lines)


def protector_block(row_id, row):
    block = b"pvprot\x00\x01" + struct.pack(">H", len(row)) + row
    block += bytes(4096 - 8 - len(block))
    return block + xxhash.xxh3_64(row_id + block).intdigest().to_bytes(8, "big")


def protector_files(row_id, row):
    whole, removed = protector_block(row_id, row), protector_block(row_id, b"")
    cut, other = flipped(whole, 4000), protector_block(bytes(16), row)
    for name, what, first, second, opens in [
        ("whole", "a row that is there twice", whole, whole, True),
        ("first-damaged", "the first block is damaged", cut, whole, True),
        ("second-damaged", "the second block is damaged", whole, cut, True),
        ("second-missing", "the file is cut behind the first block", whole, b"", True),
        ("refused-both-damaged", "both blocks are damaged", cut, cut, False),
        ("refused-removed", "the protector was removed", removed, removed, False),
        ("refused-removal-begun", "the removal has come to the first block", removed, whole, False),
        ("refused-another-id", "the file of another protector", other, other, False),
    ]:
        given = dict(store_id=STORE, protector_key=PROTECTOR_KEY, row_id=row_id)
        given.update(first_block=first, second_block=second)
        outcome = {"opens": "yes"} if opens else {"refused": "yes"}
        write(f"protector-file-{name}", what, "protector file", {**given, **outcome})


def slots():
    slot = from_api_key(STORE_KEY, API_KEY, b"slot id", 16)
    wrap = subkey(from_api_key(STORE_KEY, API_KEY, b"slot key", 32), b"wrap")
    header = b"pvslot\x00\x01\x00"
    sealed = seal(wrap, bound(SLOT, slot, header), DATA_KEY + NAMESPACE)
    given = dict(
        store_id=STORE,
        store_key=STORE_KEY,
        api_key=API_KEY,
        file=header + sealed,
        opened_data_key=DATA_KEY,
        opened_namespace_id=NAMESPACE,
    )
    outcomes = ["opened_data_key", "opened_namespace_id"]
    write("slot-file", "a slot file opens with its API key", "slot file", given)
    parts = [
        ("store_id", 15, "the store id"),
        ("store_key", 0, "the store key"),
        ("api_key", 19, "the API key"),
        ("file", 0, "the name of the format"),
        ("file", 7, "the number of the format"),
        ("file", 8, "the generation"),
        ("file", 9, "the nonce"),
        ("file", 31, "the data key"),
        ("file", 9 + 12 + 4 + 40, "the namespace id"),
        ("file", len(header + sealed) - 1, "the tag"),
    ]
    refusals("slot-file", "slot file", given, parts, outcomes)
    for name, text in [("short", DATA_KEY + NAMESPACE[:15]), ("long", DATA_KEY + NAMESPACE + b"\x00")]:
        content = header + seal(wrap, bound(SLOT, slot, header), text)
        lines = {key: value for key, value in given.items() if key not in outcomes}
        lines |= {"file": content, "refused": "yes"}
        write(f"slot-file-refused-{name}", "what is wrapped has another length", "slot file", lines)


def key_rows():
    slot = from_api_key(STORE_KEY, API_KEY, b"slot id", 16)
    text = b'{"namespace":"' + NAMESPACE.hex().encode() + b'","state":"live"}'
    sealed = seal(subkey(STORE_KEY, b"key row"), bound(KEYS, slot, b"\x01"), text)
    given = dict(store_id=STORE, store_key=STORE_KEY, slot_id=slot, header=b"\x01", sealed=sealed, text=text)
    write("key-row", "a row of the table keys", "key row", given)
    parts = [
        ("store_id", 0, "the store id"),
        ("store_key", 31, "the store key"),
        ("slot_id", 15, "the slot id"),
        ("header", 0, "the header"),
    ]
    refusals("key-row", "key row", given, parts + sealed_parts("sealed", sealed), ["text"])


def records():
    at = address("file:///home/me/project", "token")
    rid = record_id(DATA_KEY, NAMESPACE, at)
    key = subkey(DATA_KEY, b"seal")
    texts = {
        "usual": b'{"refresh":"a secret","n":1E400}',
        "without-expiry": b'{"token" : 1E400}',
        "empty-object": b"{}",
        "step-below": b'{"a":"' + b"x" * 52 + b'"}',
        "step-above": b'{"a":"' + b"x" * 53 + b'"}',
        "long": b'{"a":"' + b"y" * 5000 + b'"}',
    }
    for name, text in texts.items():
        header = record_header(7, 1_700_000_000_000, 1_700_000_001_000, 1_800_000_000_000)
        if name == "without-expiry":
            header = record_header(9, 1_700_000_000_000, 1_700_000_001_000, NEVER)
        if name == "empty-object":
            header = record_header(2**53 - 1, 0, 2**63, NEVER)
        head = struct.pack(">I", len(text)) + at
        sealed_address = seal(key, bound(RECORD_ADDRESS, rid, header), head)
        sealed_data = seal(key, bound(RECORD_DATA, rid, header), text, bytes_from(0xC0, 12))
        row = record_row(header, sealed_address, sealed_data)
        numbers = struct.unpack(">QQQQ", header[2:])
        given = dict(store_id=STORE, data_key=DATA_KEY, namespace_id=NAMESPACE, record_id=rid, row=row)
        outcome = dict(zip(["revision", "created_at", "updated_at", "expires_at"], numbers))
        outcome |= {"opened_head": head, "text": text}
        write(f"record-{name}", "a row of the table records", "record", {**given, **outcome})
        if name != "usual":
            continue
        base = 34 + 4
        parts = [
            ("store_id", 7, "the store id"),
            ("data_key", 0, "the data key"),
            ("record_id", 0, "the namespace in the record id"),
            ("record_id", 31, "the record id"),
            ("row", 0, "the format"),
            ("row", 1, "the generation"),
            ("row", 9, "the revision"),
            ("row", 17, "the time of making"),
            ("row", 25, "the time of change"),
            ("row", 33, "the time of expiry"),
            ("row", 37, "the length of the address"),
        ]
        for where, sealed, called in [
            (base, sealed_address, "address"),
            (base + len(sealed_address), sealed_data, "data"),
        ]:
            parts += [
                (word, where + offset, text) for word, offset, text in sealed_parts("row", sealed, called)
            ]
        refusals("record", "record", {**given, **outcome}, parts, list(outcome))
        swapped = record_row(header, sealed_data, sealed_address)
        write(
            "record-refused-swapped",
            "address and data have changed places",
            "record",
            {**given, "row": swapped, "refused": "yes"},
        )
        changes = seal(subkey(DATA_KEY, b"change"), bound(RECORD_DATA, rid, header), text)
        lines = {**given, "row": record_row(header, sealed_address, changes), "refused": "yes"}
        write(
            "record-refused-other-use", "the data are sealed under the subkey of another use", "record", lines
        )
        for label, plain in {
            "length-beyond": struct.pack(">I", 61) + bytes(60),
            "length-huge": b"\xff" * 4 + bytes(60),
            "not-padded": padded(text)[:-1],
            "empty": b"",
            "no-length": b"\x00\x00\x00",
        }.items():
            content = seal_raw(key, bound(RECORD_DATA, rid, header), plain)
            lines = {**given, "row": record_row(header, sealed_address, content), "refused": "yes"}
            write(f"record-refused-{label}", "sealed rightly, but of no right shape within", "record", lines)
        for label, cut in [
            ("cut-in-tag", row[:-1]),
            ("cut-in-header", row[:33]),
            ("cut-in-address", row[:80]),
            ("nothing", b""),
        ]:
            lines = {**given, "row": cut, "refused": "yes"}
            write(f"record-refused-{label}", "the row is cut short", "record", lines)


def changes():
    header = NAMESPACE + bytes_from(0x90, 16)
    text = b"\x01" + address(name="token")
    revision = 2**40 + 5
    sealed = seal(subkey(DATA_KEY, b"change"), bound(CHANGES, struct.pack(">Q", revision), header), text)
    given = dict(store_id=STORE, data_key=DATA_KEY, namespace_id=NAMESPACE, revision=revision)
    given |= dict(header=header, sealed=sealed, opened=text)
    write("change", "a row of the table changes", "change", given)
    parts = [
        ("store_id", 1, "the store id"),
        ("data_key", 16, "the data key"),
        ("header", 0, "the namespace in the header"),
        ("header", 31, "the origin in the header"),
    ]
    refusals("change", "change", given, parts + sealed_parts("sealed", sealed), ["opened"])
    other = {key: value for key, value in given.items() if key != "opened"}
    write(
        "change-refused-the-revision",
        "the revision differs",
        "change",
        {**other, "revision": revision + 1, "refused": "yes"},
    )


def checksums():
    rows = [
        ("record", "records", bytes_from(0x21, 32), bytes_from(0x01, 150)),
        ("key", "keys", bytes_from(0x41, 16), bytes_from(0x61, 100)),
        ("lease", "leases", bytes_from(0x51, 32), bytes_from(0x71, 40)),
        ("change", "changes", struct.pack(">Q", 9), bytes_from(0x11, 300)),
        ("meta", "meta", b"destroy " + bytes_from(0x31, 16), bytes_from(0x03, 17)),
        ("empty-value", "records", bytes_from(0x22, 32), b""),
        ("one-byte", "records", bytes_from(0x23, 32), b"\x05"),
    ]
    for name, table, key, value in rows:
        given = dict(table=table, key=key, value=value, checksum=checksum(table, key, value))
        write(f"checksum-{name}", "what stands behind a value in the store", "checksum", given)


def api_keys():
    good = API_KEY.hex()
    forms = {
        "lower": (good, good),
        "upper": (good.upper(), good),
        "mixed": ("0123456789abcDEF0123456789ABCdef01234567", good),
        "refused-39-digits": (good[:-1], None),
        "refused-41-digits": (good + "0", None),
        "refused-42-digits": (good + "00", None),
        "refused-38-digits": (good[:-2], None),
        "refused-nothing": ("", None),
        "refused-other-letter": (good[:-1] + "g", None),
        "refused-prefix": ("0x" + good[2:], None),
        "refused-hyphen": (good[:8] + "-" + good[9:], None),
        "refused-inner-blank": (good[:8] + " " + good[9:], None),
        "refused-wide-digits": ("\uff10" * 40, None),
        "refused-not-ascii": (good[:-2] + "\u00e9", None),
        "refused-sign": ("+" + good[1:], None),
    }
    for name, (text, canonical) in forms.items():
        outcome = {"canonical": canonical} if canonical else {"refused": "yes"}
        write(f"api-key-{name}", "forms of an API key", "api key", {"text": text, **outcome})


for old in HERE.glob("*.case"):
    old.unlink()
for make in [ids, protectors, slots, key_rows, records, changes, checksums, api_keys]:
    make()
