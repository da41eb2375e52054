"""The chronological table of the SEP document, as it is printed (anexo 1)."""

SCHOOL_YEARS = ["2014-2015", "2015-2016", "2016-2017", "2017-2018", "2018-2019", "2019-2020"]
_Q1, _Q2, _Q3 = (
    "CUESTIONARIO 1 Mayo-Junio",
    "CUESTIONARIO 2 Octubre-Noviembre",
    "CUESTIONARIO 3 Octubre-Noviembre",
)
GRID = [
    ["Generación", *SCHOOL_YEARS],
    ["2012-2015*", _Q1, _Q2, _Q3, "", "", ""],
    ["2013-2016", "", _Q1, _Q2, _Q3, "", ""],
    ["2014-2017", "", "", _Q1, _Q2, _Q3, ""],
    ["2015-2018", "", "", "", _Q1, _Q2, _Q3],
]
