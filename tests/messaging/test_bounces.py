"""What came back, on two named sets and on any bytes (trust.md 1.5, F-53)."""

import ast
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.bounces import LARGEST, BounceReport, Verdict, read_report
from tests.messaging.reports import away, complaint, delivery_report, generated_reports

ANA = "ana@correo.mx"


def judged(raw: bytes) -> tuple[Verdict, str | None, str | None]:
    report = read_report(raw)
    return report.verdict, report.recipient, report.status


def test_the_generated_set_reaches_its_goals() -> None:
    reports = list(generated_reports())
    read = [(one, read_report(one.raw)) for one in reports]

    found = sum(report.recipient == one.recipient for one, report in read)
    hard = [one for one, report in read if report.verdict is Verdict.HARD]
    false_hard = sum(not one.dead for one in hard)
    print(f"generated: {len(reports)}, recipient {found}, hard {len(hard)}, false {false_hard}")
    assert len(reports) == 288
    assert found / len(reports) >= 0.85
    assert false_hard / len(hard) <= 0.03
    assert len(hard) == sum(one.dead for one in reports)  # and none is missed


@pytest.mark.deep
def test_the_messages_of_flufl_bounce_reach_their_goals(tmp_path: Path) -> None:
    """Read from its source distribution, which is fetched and not kept."""
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"]
        + ["flufl.bounce==6.0.0", "-d", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if fetched.returncode:
        pytest.skip("the source distribution cannot be fetched here")
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    (tests,) = tmp_path.glob("flufl*/tests")
    labels = _labels((tests / "test_detectors.py").read_text("utf-8"))
    read = {path.name: read_report(path.read_bytes()) for path in (tests / "data").glob("*.txt")}

    bounces = {name: named for name, (named, _) in labels.items() if named}
    found = sum((read[name].recipient or "").lower() in named for name, named in bounces.items())
    hard = [name for name, report in read.items() if report.verdict is Verdict.HARD]
    false_hard = sum(name not in bounces or labels[name][1] for name in hard)
    print(f"flufl: {len(read)} messages, {found} of {len(bounces)}, hard {len(hard)}, {false_hard}")
    assert len(read) >= 117
    assert found / len(bounces) >= 0.85
    assert false_hard / len(hard) <= 0.03


def _labels(source: str) -> dict[str, tuple[set[str], bool]]:
    """File → expected addresses, and whether the failure was only for a time."""
    tree = ast.parse(source)
    (table,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DETECTORS"
    )
    found: dict[str, tuple[set[str], bool]] = {}
    for _, name, addresses, temporary in ast.literal_eval(table):
        before = found.get(name, (set(), True))
        named = {address.decode().lower() for address in addresses}
        found[name] = (before[0] | named, before[1] and temporary)
    return found


def test_a_report_of_several_recipients_says_the_worst() -> None:
    late = delivery_report(ANA, status="4.4.1", action="delayed").decode()
    both = late.replace(
        "--b\r\nContent-Type: text/rfc822-headers",
        "Final-Recipient: rfc822; beto@correo.mx\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers",
    )

    assert judged(late.encode())[0] is Verdict.SOFT
    assert judged(both.encode()) == (Verdict.HARD, "beto@correo.mx", "5.1.1")


def test_a_receipt_is_not_a_bounce() -> None:
    assert judged(delivery_report(ANA, status="2.1.5", action="delivered"))[0] is (
        Verdict.NOT_A_BOUNCE
    )


def test_a_complaint_is_a_complaint_whatever_else_it_says() -> None:
    assert judged(complaint(ANA)) == (Verdict.COMPLAINT, ANA, None)
    assert judged(complaint(ANA, kind="not-spam"))[0] is Verdict.NOT_A_BOUNCE


@pytest.mark.parametrize(
    "raw",
    [
        away(),
        away(header="Auto-Submitted: auto-replied; owner-email=x"),
        away(header="X-Autoreply: yes"),
        away(header="Precedence: auto_reply"),
        away(header="X-A: b", subject="Out of Office: hola"),
        away(header="X-A: b", subject="Respuesta automática: hola"),
        away(header="X-A: b", subject="Fuera de la oficina"),
    ],
)
def test_a_holiday_is_never_a_bounce(raw: bytes) -> None:
    assert judged(raw)[0] is Verdict.AUTO_REPLY


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", (Verdict.NOT_A_BOUNCE, None, None)),
        (
            b"From: Ana <ana@correo.mx>\n\nHola, ya respond\xed.\n",
            (Verdict.NOT_A_BOUNCE, None, None),
        ),
        (
            (
                b"From: postmaster@mx.mx\nTo: b@x.mx\nSubject: failure notice\n\n"
                b"<ana@correo.mx>:\n550 5.1.1 no mailbox here\n"
            ),
            (Verdict.HARD, ANA, "5.1.1"),
        ),
        (
            (
                b"From: MAILER-DAEMON@mx.mx\nTo: b@x.mx\nSubject: Correo devuelto\n\n"
                b"ana@correo.mx: 452 4.2.2 buzon lleno\n"
            ),
            (Verdict.SOFT, ANA, "4.2.2"),
        ),
        (
            b"From: MAILER-DAEMON@mx.mx\nTo: b@x.mx\nSubject: Undeliverable\n\nsorry\n",
            (Verdict.UNKNOWN, None, None),
        ),
    ],
)
def test_what_no_standard_foresees(
    raw: bytes, expected: tuple[Verdict, str | None, str | None]
) -> None:
    assert judged(raw) == expected


def test_only_the_beginning_of_a_large_message_is_read() -> None:
    raw = delivery_report(ANA).replace(
        b"Subject: hola", b"Subject: hola\r\nX: " + b"x" * 50_000_000
    )

    assert len(raw) > 40 * LARGEST
    assert judged(raw) == (Verdict.HARD, ANA, "5.1.1")


@given(st.binary(max_size=2_000))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    assert isinstance(read_report(raw), BounceReport)


@given(st.data())
def test_a_broken_report_has_an_answer(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([delivery_report(ANA), complaint(ANA), away()])))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        cut = data.draw(st.integers(0, 40))
        raw[place : place + cut] = data.draw(st.binary(max_size=20))
        if not raw:
            return

    assert read_report(bytes(raw)).verdict in set(Verdict)


@pytest.mark.parametrize(
    "raw",
    [
        b'Content-Type: multipart/mixed; boundary="b"\n\n'
        + b'--b\nContent-Type: multipart/mixed; boundary="b"\n\n' * 3_000,
        b"Content-Type: message/rfc822\n\n" * 5_000,
        b"Content-Type: text/plain; charset=nonsense\nFrom: postmaster@x\n\n5.1.1 \xff",
        b"Content-Transfer-Encoding: base64\nContent-Type: message/delivery-status\n\n%%%%",
        b"Content-Type: multipart/report; report-type=delivery-status\n\nno boundary",
        b"From: =?utf-8?b?////?=\nSubject: =?x?q?=ZZ?=\n\n",
        b"\0" * 1_000,
        b"From: mailer-daemon@x.mx\n\n" + b"a@b.mx 550 5.1.1 " * 30_000,
        b"From: mailer-daemon@x.mx\n\n" + b"a" * 500_000 + b"@",
    ],
)
def test_hostile_bytes_are_answered_soon(raw: bytes) -> None:
    assert read_report(raw).verdict in set(Verdict)
