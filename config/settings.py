"""Environment (and .env in the working folder) -> Settings. Every missing or malformed value is named at once."""

from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(Exception):
    """The environment cannot be used; the message has one line a problem."""


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Secrets = Annotated[tuple[SecretStr, ...], NoDecode]


class Settings(BaseSettings):
    """Addresses and secrets. What an admin decides about behaviour is in policy.toml, not here."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    data: Path = Field(Path("var"), alias="DESKHAND_DATA")
    config: Path = Field(Path("config"), alias="DESKHAND_CONFIG")
    host: str = Field("127.0.0.1", alias="DESKHAND_HOST")
    port: int = Field(8080, alias="DESKHAND_PORT", ge=1, le=65535)
    workers: int = Field(4, alias="DESKHAND_WORKERS", ge=1, le=256)
    threads: int = Field(10, alias="DESKHAND_THREADS", ge=1, le=64)
    api_token: SecretStr = Field(SecretStr(""), alias="DESKHAND_API_TOKEN")
    public_url: str = Field("", alias="DESKHAND_PUBLIC_URL")

    database_url: str = Field("", alias="DATABASE_URL")
    redis_url: str = Field("", alias="REDIS_URL")
    chroma_url: str = Field("", alias="CHROMA_URL")

    anthropic_api_key: SecretStr = Field(SecretStr(""), alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str = Field("", alias="ANTHROPIC_BASE_URL")
    classify_model: str = Field("", alias="DESKHAND_CLASSIFY_MODEL")
    draft_model: str = Field("", alias="DESKHAND_DRAFT_MODEL")

    zendesk_url: str = Field("", alias="ZENDESK_URL")
    zendesk_client_id: str = Field("", alias="ZENDESK_CLIENT_ID")
    zendesk_client_secret: SecretStr = Field(SecretStr(""), alias="ZENDESK_CLIENT_SECRET")
    zendesk_email: str = Field("", alias="ZENDESK_EMAIL")
    zendesk_api_token: SecretStr = Field(SecretStr(""), alias="ZENDESK_API_TOKEN")
    zendesk_webhook_secrets: Secrets = Field((), alias="ZENDESK_WEBHOOK_SECRETS")

    intercom_url: str = Field("https://api.intercom.io", alias="INTERCOM_URL")
    intercom_access_token: SecretStr = Field(SecretStr(""), alias="INTERCOM_ACCESS_TOKEN")
    intercom_client_secrets: Secrets = Field((), alias="INTERCOM_CLIENT_SECRETS")

    @field_validator("zendesk_webhook_secrets", "intercom_client_secrets", mode="before")
    @classmethod
    def _split_secrets(cls, value: object) -> object:
        return _split(value)

    @field_validator("zendesk_url", "intercom_url", "chroma_url", "anthropic_base_url", "public_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value:
            AnyHttpUrl(value)
        return value.rstrip("/")

    @property
    def sql_url(self) -> str:
        """The database's URL, with SQLite in the data folder as the default."""
        return self.database_url or f"sqlite:///{self.data / 'deskhand.sqlite3'}"

    @property
    def has_zendesk(self) -> bool:
        return bool(self.zendesk_url)

    @property
    def has_intercom(self) -> bool:
        return bool(self.intercom_access_token.get_secret_value() or self.intercom_client_secrets)

    def webhook_secrets(self, vendor: str) -> tuple[str, ...]:
        """Return what a vendor's deliveries may be signed with, the current secret first."""
        kept = {"zendesk": self.zendesk_webhook_secrets, "intercom": self.intercom_client_secrets}
        return tuple(secret.get_secret_value() for secret in kept[vendor])

    @property
    def has_model(self) -> bool:
        return bool(self.anthropic_api_key.get_secret_value())


def load_settings(*, needs_webhook_secrets: bool = True, **overrides: object) -> Settings:
    """Read the environment; raise SettingsError with all problems, one a line, and never a secret's value.

    `deskhand connect` fetches the webhook's secret itself: it alone goes without.
    """
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())) from None
    problems = []
    if settings.has_zendesk:
        by_client = settings.zendesk_client_id and settings.zendesk_client_secret.get_secret_value()
        by_token = settings.zendesk_email and settings.zendesk_api_token.get_secret_value()
        if not (by_client or by_token):
            problems.append(
                "ZENDESK_CLIENT_ID, ZENDESK_CLIENT_SECRET: missing (or the older ZENDESK_EMAIL, ZENDESK_API_TOKEN)"
            )
        if needs_webhook_secrets and not settings.zendesk_webhook_secrets:
            problems.append("ZENDESK_WEBHOOK_SECRETS: missing; the webhook's signing secret, see docs/zendesk.md")
    if settings.has_intercom:
        if not settings.intercom_access_token.get_secret_value():
            problems.append("INTERCOM_ACCESS_TOKEN: missing; the app's access token, see docs/intercom.md")
        if not settings.intercom_client_secrets:
            problems.append("INTERCOM_CLIENT_SECRETS: missing; the app's client secret, see docs/intercom.md")
        if not settings.intercom_url:
            problems.append("INTERCOM_URL: empty; https://api.intercom.io, or api.eu. or api.au. for the other regions")
    if problems:
        raise SettingsError("\n".join(problems))
    return settings
