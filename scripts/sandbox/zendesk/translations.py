"""An article in several locales. Whether it is a draft is a matter of each translation."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from scripts.sandbox.records import Translation
from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.state import Article
from scripts.sandbox.zendesk.calls import answer, body, listing, nothing, twin

bp = Blueprint("translations", __name__, url_prefix="/api/v2/help_center/articles/<key>/translations")


def in_locale(article: Article, locale: str) -> Article | None:
    """Return the article as it reads in a locale, or None if it has no translation into it."""
    wanted = locale.lower()
    if article.locale == wanted:
        return article
    row = _further(article, wanted)
    if row is None:
        return None
    return replace(
        article,
        locale=row.locale,
        source_locale=article.locale,
        title=row.title,
        body=row.body,
        draft=row.draft,
        updated_at=row.updated_at,
        edited_at=row.updated_at,
    )


def in_use() -> set[str]:
    """Return every locale that something is written in."""
    world = twin().world
    return {row.locale for row in world.articles.values()} | {row.locale for row in world.translations.values()}


def _further(article: Article, locale: str) -> Translation | None:
    rows = twin().world.translations.values()
    return next((row for row in rows if row.article_id == article.id and row.locale == locale), None)


def _article(key: str) -> Article:
    number = key.partition("-")[0]
    article = twin().world.articles.get(int(number)) if number.isdigit() else None
    if article is None:
        raise not_found()
    return article


def _own(article: Article) -> Translation:
    """Return the article itself as the translation into the locale it was written in."""
    return Translation(
        id=article.id + 1,
        article_id=article.id,
        locale=article.locale,
        title=article.title,
        body=article.body,
        draft=article.draft,
        created_at=article.created_at,
        updated_at=article.edited_at,
    )


def _show(row: Translation) -> dict[str, Any]:
    base = twin().world.base_url
    return {
        "id": row.id,
        "url": f"{base}/api/v2/help_center/articles/{row.article_id}/translations/{row.locale}.json",
        "html_url": f"{base}/hc/{row.locale}/articles/{row.article_id}",
        "source_id": row.article_id,
        "source_type": "Article",
        "locale": row.locale,
        "title": row.title,
        "body": row.body,
        "draft": row.draft,
        "outdated": row.outdated,
        "hidden": False,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@bp.get("")
def list_translations(key: str) -> Response:
    article = _article(key)
    further = [row for row in twin().world.translations.values() if row.article_id == article.id]
    return listing("translations", [_own(article), *further], _show, is_help_center=True)


@bp.get("/missing")
def list_missing(key: str) -> Response:
    """Name the locales in use that the article has no translation into."""
    article = _article(key)
    return answer({"locales": sorted(locale for locale in in_use() if in_locale(article, locale) is None)})


@bp.get("/<locale>")
def show_translation(key: str, locale: str) -> Response:
    article = _article(key)
    row = _own(article) if article.locale == locale.lower() else _further(article, locale.lower())
    if row is None:
        raise not_found()
    return answer({"translation": _show(row)})


@bp.post("")
def create_translation(key: str) -> Response:
    article, values, world = _article(key), body("translation"), twin().world
    locale = str(values.get("locale") or "").lower()
    if not locale or not values.get("title"):
        raise invalid("locale", "Locale and title: cannot be blank", "BlankValue")
    if in_locale(article, locale):
        raise invalid("locale", f"Locale: {locale} has already been taken", "DuplicateValue")
    stamp = world.stamp()
    row = Translation(world.next_id(), article.id, locale, str(values["title"]), values.get("body"))
    row.draft, row.created_at, row.updated_at = bool(values.get("draft")), stamp, stamp
    world.translations[row.id] = row
    article.updated_at = stamp
    return answer({"translation": _show(row)}, 201)


@bp.put("/<locale>")
def update_translation(key: str, locale: str) -> Response:
    """Change title and body, publish (`draft: false`) or take back (`draft: true`) one translation."""
    article, values, stamp = _article(key), body("translation"), twin().world.stamp()
    is_own = article.locale == locale.lower()
    row = article if is_own else _further(article, locale.lower())
    if row is None:
        raise not_found()
    for name in ("title", "body", "draft", *(() if is_own else ("outdated",))):
        if name in values:
            setattr(row, name, values[name])
    if is_own and {"title", "body"} & values.keys():
        article.edited_at = stamp
    row.updated_at = article.updated_at = stamp
    return show_translation(key, locale)


@bp.delete("/<locale>")
def delete_translation(key: str, locale: str) -> Response:
    """Delete a translation; the one the article was written in goes only with the article."""
    article = _article(key)
    row = _further(article, locale.lower())
    if row is None:
        raise (
            invalid("locale", "Locale: the source translation cannot be deleted")
            if (article.locale == locale.lower())
            else not_found()
        )
    del twin().world.translations[row.id]
    return nothing()
