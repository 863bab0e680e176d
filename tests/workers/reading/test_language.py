"""workers.reading.language: the language of the newest own words."""

import pytest

from workers.reading.language import detect, language_of, looks_foreign

SAID = {
    "en": "How can I export the shifts of last month to our payroll?",
    "de": "Guten Tag, wie kann ich die Schichten vom letzten Monat exportieren?",
    "es": "Hola, ¿cómo puedo exportar los turnos del mes pasado?",
    "fr": "Bonjour, comment puis-je exporter les horaires du mois dernier ?",
    "pt": "Olá, como posso exportar os turnos do mês passado? Não consigo encontrar.",
    "it": "Buongiorno, come posso esportare i turni del mese scorso?",
    "nl": "Hallo, hoe kan ik de diensten van vorige maand exporteren?",
    "pl": "Dzień dobry, jak mogę wyeksportować zmiany z zeszłego miesiąca?",
    "sv": "Hej, hur kan jag exportera förra månadens arbetspass?",
    "ru": "Здравствуйте, как мне выгрузить смены за прошлый месяц?",
    "ja": "先月のシフトをエクスポートするにはどうすればよいですか。",
    "ar": "كيف يمكنني تصدير ورديات الشهر الماضي؟",
    "he": "איך אפשר לייצא את המשמרות של החודש שעבר?",
    "ko": "지난달 근무표를 어떻게 내보내나요?",
    "el": "Πώς μπορώ να εξαγάγω τις βάρδιες;",
}


@pytest.mark.parametrize(("code", "text"), SAID.items())
def test_detects(code, text):
    """A whole sentence is recognised."""
    assert detect(text) == code


@pytest.mark.parametrize(
    "text", ["ok danke", "👍", "", "12345", "https://tidemark.example/login", "login", "Error 0x80070005"]
)
def test_short_words_say_nothing(text):
    """Two words, a number or a link do not decide a language."""
    assert detect(text) == ""


def test_short_words_keep_the_language_of_the_thread():
    """'ok danke' in an English thread stays English."""
    assert language_of("ok danke", [SAID["en"], SAID["de"]], ["de-DE"]) == "en"


def test_locale_decides_where_nobody_said_enough():
    """Without any sure turn the ticket's locale is taken, then the requester's; else it stays unknown."""
    assert language_of("ok", [], ["", "pt-BR"]) == "pt"
    assert language_of("ok", [], [""]) == ""


def test_links_addresses_and_codes_do_not_count():
    """A German sentence around English links and error codes is German."""
    text = (
        "Seit heute kommt immer diese Meldung: ERROR_EXPORT_FAILED https://app.tidemark.example/reports/export/settings"
    )
    assert detect(text) == "de"


SHORT = {
    "de": (
        "Rechnung fehlt",
        "App stürzt ab",
        "Schichtplan drucken",
        "Preis für 20 Leute?",
        "Integration mit Slack",
        "Account löschen bitte",
    ),
    "fr": (
        "Mot de passe oublié",
        "Changer de plan",
        "Export vers Xero",
        "Où est ma facture ?",
        "Remboursement svp",
        "Suppression du compte",
    ),
    "es": (
        "Exportar a Xero",
        "Quiero un reembolso",
        "Eliminar cuenta",
        "Factura de mayo",
        "La app se cierra sola",
        "Cambiar de plan",
    ),
    "pt": (
        "Exportar para Xero",
        "Esqueci a senha",
        "Quero o reembolso",
        "Apagar conta",
        "Mudar de plano",
        "O app fecha sozinho",
    ),
    "it": ("Password dimenticata", "Fattura di maggio", "Voglio il rimborso", "Turni non visibili"),
    "nl": ("Ik kan niet inloggen", "Factuur van mei", "Prijs voor 12 mensen", "Rooster printen"),
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in SHORT.items() for text in texts])
def test_short_words_of_another_language_look_foreign(code, text):
    """Too short to name the language, and still none of ours; nor is it foreign to who speaks it."""
    assert looks_foreign(text, ("en",))


@pytest.mark.parametrize(
    "text",
    [
        "my invoice is missing",
        "How do I swap a shift?",
        "can't log in",
        "where is my refund",
        "the app crashes",
        "we need an invoice for May",
        "export to Xero",
        "",
        "12345",
        "TM-2010",
        "no signal on my phone",
        "I wrote to Müller GmbH and got no answer",
        "please cancel",
        "delete my account",
        "stop the emails",
        "hello there",
        "is it down?",
    ],
)
def test_our_own_short_words_do_not_look_foreign(text):
    """Names, numbers and nothing at all neither."""
    assert not looks_foreign(text, ("en",))


def test_what_is_foreign_hangs_on_the_languages_of_the_examples():
    """With German examples German is no stranger, and French still is."""
    assert not looks_foreign("Ich kann mich nicht anmelden", ("en", "de"))
    assert looks_foreign("Je n'arrive pas à me connecter", ("en", "de"))
