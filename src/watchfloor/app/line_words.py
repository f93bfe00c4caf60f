"""The words of a line's coded fields, in every language that is shipped: one table for all screens.

What is coded is never translated by anybody on the spot: both sides render the same code, each in its own language.
"""

from collections.abc import Mapping, Sequence

LANGUAGES = ("en", "fr", "ar", "es")
_TABLE: Mapping[str, tuple[str, str, str, str]] = {
    "floor_ft": ("Floor, feet", "Plancher, pieds", "الحد الأدنى، قدم", "Suelo, pies"),
    "ceiling_ft": ("Ceiling, feet", "Plafond, pieds", "الحد الأعلى، قدم", "Techo, pies"),
    "from_us": ("From, UTC", "De, UTC", "من، بالتوقيت العالمي", "Desde, UTC"),
    "until_us": ("To, UTC", "À, UTC", "إلى، بالتوقيت العالمي", "Hasta, UTC"),
    "corner": ("Corner", "Sommet", "زاوية", "Vértice"),
    "lat": ("latitude", "latitude", "خط العرض", "latitud"),
    "lon": ("longitude", "longitude", "خط الطول", "longitud"),
    "notice": ("Notice", "Avis", "إشعار", "Aviso"),
    "sent": ("sent", "envoyé", "أُرسل", "enviado"),
    "received": ("received, not agreed", "reçu, non accepté", "استُلم ولم يُتفق عليه", "recibido, no acordado"),
    "seen": ("seen, not agreed", "vu, non accepté", "شوهد ولم يُتفق عليه", "visto, no acordado"),
    "read back": ("read back", "collationné", "أُعيدت قراءته", "colacionado"),
    "disputed": ("disputed", "contesté", "معترض عليه", "disputado"),
    "corrected": ("corrected", "corrigé", "صُحّح", "corregido"),
    "expired": ("expired", "expiré", "انتهى", "caducado"),
    "urgent": ("Urgent warning", "Alerte urgente", "تحذير عاجل", "Aviso urgente"),
    "aircraft_near_line": (
        "Aircraft near the line",
        "Aéronef près de la ligne",
        "طائرة قرب الخط",
        "Aeronave cerca de la línea",
    ),
    "aircraft_in_volume": (
        "Aircraft in this volume",
        "Aéronef dans ce volume",
        "طائرة في هذا الحيز",
        "Aeronave en este volumen",
    ),
    "loss_of_control": ("Loss of control", "Perte de contrôle", "فقدان السيطرة", "Pérdida de control"),
    "medical": ("Medical flight", "Vol sanitaire", "رحلة طبية", "Vuelo sanitario"),
    "suspended": ("suspended", "suspendue", "معلّق", "suspendida"),
    "heard": ("heard", "entendue", "مسموع", "se oye"),
    "silent": ("silent", "silencieuse", "صامت", "en silencio"),
    "never heard": ("never heard", "jamais entendue", "لم يُسمع قط", "nunca oída"),
    "call": ("Call", "Appel", "مكالمة", "Llamada"),
    "line_officer": ("Line officer", "Officier de liaison", "ضابط الخط", "Oficial de enlace"),
    "watch_officer": ("Watch officer", "Officier de quart", "ضابط المناوبة", "Oficial de guardia"),
    "duty_chief": ("Duty chief", "Chef de service", "رئيس المناوبة", "Jefe de servicio"),
    "interpreter": ("Interpreter", "Interprète", "مترجم شفوي", "Intérprete"),
    "legal_adviser": ("Legal adviser", "Conseiller juridique", "مستشار قانوني", "Asesor jurídico"),
}


def words_in(languages: Sequence[str]) -> dict[str, dict[str, str]]:
    """The table for these languages, and always English; a language that is not shipped is left out."""
    wanted = ("en", *(language for language in dict.fromkeys(languages) if language != "en"))
    return {
        language: {code: words[LANGUAGES.index(language)] for code, words in _TABLE.items()}
        for language in wanted
        if language in LANGUAGES
    }
