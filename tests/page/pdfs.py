"""Small PDFs, written by hand: pages of text in a font that is not in the file."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT = 400, 500
_KEYS = f"/O <{'41' * 32}> /U <{'42' * 32}>"
_ENCRYPTED = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 {_KEYS} >> /ID [<00> <00>]"


def pdf(pages: Sequence[Sequence[str]], encrypted: bool = False) -> bytes:
    """A PDF whose pages have these lines of text; `encrypted` with a password that nobody has."""
    count = len(pages)
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(count))
    font = f"{3 + 2 * count} 0 R"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [{kids}] >>",
    ]
    for number, lines in enumerate(pages):
        drawn = "".join(f"({line}) Tj 0 -40 Td\n" for line in lines)
        content = f"BT /F1 24 Tf 40 {HEIGHT - 60} Td\n{drawn}ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents "
            f"{4 + 2 * number} 0 R /Resources << /Font << /F1 {font} >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>")
    text = "%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    more = _ENCRYPTED if encrypted else ""
    size = len(objects) + 1
    text += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n"
    text += f"<< /Size {size} /Root 1 0 R {more} >>\nstartxref\n{text.index('xref')}\n%%EOF\n"
    return text.encode("latin-1")
