# Decodes a record of layout 1 or 2 by docs/record.md and prints it as JSON: python3 decode_record.py FILE
import json, struct, sys
data = open(sys.argv[1], "rb")
take = lambda form: struct.unpack(form, data.read(struct.calcsize(form)))[0]
u8, u16, u32, u64, i32, i64 = (lambda form=form: take(form) for form in (">B", ">H", ">I", ">Q", ">i", ">q"))
hex16, hex32 = lambda: take("16s").hex(), lambda: take("32s").hex()
flag = lambda: (False, True)[u8()]
text = lambda: take(f"{u16()}s").decode()
option = lambda value: lambda: value() if flag() else None
many = lambda value: lambda: [value() for _ in range(u16())]
fields = lambda **named: lambda: {name: value() for name, value in named.items()}
name, place = option(text), option(lambda: f"{u16()}-{u64()}")
code = fields(kind=u8, text=text, agency=name)
birth = fields(kind=u8, agency=text, counter=text, carrier=name, office=name, procedure=name)
holder = fields(kind=u8, party=name, office=name)
outcome = fields(state=u8, holder_before=holder, holder_after=holder)
record = fields(version=u8, database=hex16, epoch=hex16, lane=u16, pos=u64, committed_at=i64, received_at=i64,
    effective_at=i64, occurred_at=i64, kind=u8, placed=option(u8), source=text, client_event_id=text, device_seq=option(u64),
    party=text, principal=text, supervisor=flag, event_digest=hex32, personal_digest=hex32, request_digest=hex32, reason=i32,
    measure=i32, agency=name, office=name, code=option(code), also=many(code), receptacle=option(code), repaired=flag,
    unverified=flag, attested=flag, corrects=place, placed_from=place, parties=many(text), placement=u8, leg=place,
    other_leg=place, dossier=place, birth=option(birth), outcome=option(outcome),
    anomalies=many(fields(kind=u8, position=lambda: f"{u16()}-{u64()}")))
tally = fields(component=u32, originals=u32, certified_copies=u32, photocopies=u32)
money = many(fields(kind=u8, vnd=i64))
particulars = fields(manifest=place, tally=many(tally), relation=i32, money=money,
    terms=fields(must_be_owner=flag, dues=money, take_back=u32))
found = record()
if found["version"] == 2:
    found |= {"particulars": particulars()}
print(json.dumps(found, ensure_ascii=False, indent=1))
sys.exit("bytes after the end" if data.read() else 0)
