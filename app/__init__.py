"""The door. It checks and stores; it does not think, and it never loads a model library."""

from flask import Flask

from app import dashboard, health, webhooks
from config.settings import Settings
from workers.intake import Intake, build_intake


def create_app(settings: Settings, intake: Intake | None = None) -> Flask:
    """Make the Flask application. Nothing connects yet: it starts, and says so in /readyz, with everything away."""
    intake = intake or build_intake(settings)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = webhooks.BODY_LIMIT_BYTES
    app.register_blueprint(webhooks.blueprint(intake))
    app.register_blueprint(health.blueprint(settings, intake))
    dashboard.install(app, settings, intake)
    app.register_error_handler(Exception, webhooks.failed)
    return app
