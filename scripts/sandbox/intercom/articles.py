"""The help centre: articles with a state for each locale, collections, help centres, and what only staff may read."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.intercom import wire_library as wire
from scripts.sandbox.intercom.calls import admin_id, answer, body, by_number, needs_version, style, twin, wanted
from scripts.sandbox.intercom.refusals import invalid, not_found, refuse
from scripts.sandbox.intercom.state import Article, Collection
from scripts.sandbox.intercom.twin import IntercomTwin

bp = Blueprint("articles", __name__)

_STATES = ("published", "draft")
_DEFAULT, _MOST = 15, 150


def _article(number: str, *, is_internal: bool = False) -> Article:
    row = twin().world.articles.get(int(number)) if number.isdigit() else None
    if row is None or row.is_internal != is_internal:
        raise not_found()
    return row


def _live(*, is_internal: bool = False) -> list[Article]:
    rows = (row for row in twin().world.articles.values() if row.is_internal == is_internal)
    return sorted(rows, key=lambda row: (-row.updated_at, -row.id))


@bp.get("/articles")
def list_articles() -> Response:
    """List articles with their text, published and drafts, the latest changed first."""
    rows = _live()
    chosen, pages = by_number(rows, default=_DEFAULT, most=_MOST)
    shown = [wire.article(row, twin().world, style()) for row in chosen]
    return answer({"type": "list", "data": shown, "pages": pages, "total_count": len(rows)})


@bp.get("/articles/search")
def search_articles() -> Response:
    """Find articles by words; the answer has another shape than the list."""
    words = request.args.get("phrase", "").lower().split()
    state = request.args.get("state", "all")
    rows = [row for row in _live() if state in ("all", row.state) and _says(row, words)]
    found = [{**wire.article(row, twin().world, style()), "statistics": None} for row in rows[:_MOST]]
    marks = [_highlight(row, words) for row in rows[:_MOST]] if request.args.get("highlight") == "true" else []
    pages = {"type": "pages", "page": 1, "per_page": 10, "total_pages": -(-len(rows) // 10), "next": None}
    data = {"articles": found, "highlights": marks}
    return answer({"type": "list", "data": data, "pages": pages, "total_count": len(rows)})


def _says(row: Article, words: list[str]) -> bool:
    return any(word in f"{row.title} {row.description} {row.body}".lower() for word in words) if words else True


def _highlight(row: Article, words: list[str]) -> dict[str, Any]:
    kinds = [(word, "highlight" if word.lower() in words else "plain") for word in row.title.split()]
    title = [{"type": kind, "text": word} for word, kind in kinds]
    return {"article_id": str(row.id), "highlighted_title": title, "highlighted_summary": []}


@bp.get("/articles/<number>")
def show_article(number: str) -> Response:
    return _shown(_article(number))


def _shown(row: Article) -> Response:
    statistics = {
        "type": "article_statistics", "views": 0, "conversions": 0, "reactions": 0, "happy_reaction_percentage": 0.0,
        "neutral_reaction_percentage": 0.0, "sad_reaction_percentage": 0.0, "fin_involvements": 0,
        "fin_resolutions": 0, "fin_resolution_rate": 0.0,
    }  # fmt: skip
    return answer({**wire.article(row, twin().world, style()), "statistics": statistics})


@bp.post("/articles")
def make_article() -> Response:
    """Make an article, a draft unless it says otherwise."""
    values = body()
    held = twin()
    title, author = str(wanted(values, "title")), admin_id(wanted(values, "author_id"))
    return _shown(add_article(held, title, author, {"state": "draft", **values}))


def add_article(held: IntercomTwin, title: str, author: int, values: Mapping[str, Any]) -> Article:
    """Add an article and tell the app; `values` as the API takes them."""
    now = held.world.stamp()
    row = Article(held.world.take("row"), title, None, author, created_at=now, updated_at=now)
    row.state = "draft"
    _change(held, row, values)
    held.world.articles[row.id] = row
    held.notices.article("article.created", row)
    if row.state == "published":
        held.notices.article("article.published", row)
    return row


@bp.put("/articles/<number>")
def update_article(number: str) -> Response:
    row = _article(number)
    change_article(twin(), row, body())
    return _shown(row)


def change_article(held: IntercomTwin, row: Article, values: Mapping[str, Any]) -> None:
    """Change an article and tell the app what came of it."""
    before = row.state
    _change(held, row, values)
    held.notices.article("article.updated", row)
    if row.state != before:
        held.notices.article(f"article.{'published' if row.state == 'published' else 'unpublished'}", row)


def _change(held: IntercomTwin, row: Article, values: Mapping[str, Any]) -> None:
    state = values.get("state", row.state)
    if state not in _STATES:
        raise invalid("state must be published or draft", "state")
    parent = values.get("parent_id")
    if parent is not None and int(parent) not in held.world.collections:
        raise invalid("parent_id is no collection", "parent_id")
    for name in ("title", "description", "body"):
        if name in values:
            setattr(row, name, values[name])
    row.state = state
    if parent is not None:
        row.parent_ids = [int(parent)]
    for locale, content in (values.get("translated_content") or {}).items():
        if locale not in ("type", row.locale) and content:
            _translate(held, row, str(locale), content)
    row.updated_at = held.world.stamp()


def _translate(held: IntercomTwin, row: Article, locale: str, content: Mapping[str, Any]) -> None:
    known = {place for centre in held.world.help_centers.values() for place in centre.locales}
    if locale not in known:
        raise invalid(f"The help center does not have the locale {locale}", "translated_content")
    now = held.world.stamp()
    before = row.translations.get(locale, {"state": "draft", "created_at": now, "title": row.title, "body": ""})
    kept = {name: content[name] for name in ("title", "description", "body", "state") if name in content}
    row.translations[locale] = {**before, **kept, "updated_at": now}


@bp.delete("/articles/<number>")
def delete_article(number: str) -> Response:
    row = _article(number)
    del twin().world.articles[row.id]
    twin().notices.deleted("article", "article.deleted", str(row.id))
    return answer({"id": str(row.id), "object": "article", "deleted": True})


# -- what only staff read


@bp.get("/internal_articles")
def list_internal_articles() -> Response:
    needs_version(13)
    rows = _live(is_internal=True)
    chosen, pages = by_number(rows, default=_DEFAULT, most=_MOST)
    shown = [wire.internal_article(row) for row in chosen]
    return answer({"type": "list", "data": shown, "pages": pages, "total_count": len(rows)})


@bp.get("/internal_articles/<number>")
def show_internal_article(number: str) -> Response:
    needs_version(13)
    return answer(wire.internal_article(_article(number, is_internal=True)))


# -- shelves


@bp.get("/help_center/collections")
def list_collections() -> Response:
    rows = sorted(twin().world.collections.values(), key=lambda row: (-row.updated_at, -row.id))
    chosen, pages = by_number(rows, default=20, most=_MOST)
    shown = [wire.collection(row, twin().world) for row in chosen]
    return answer({"type": "list", "data": shown, "pages": pages, "total_count": len(rows)})


def _collection(number: str) -> Collection:
    row = twin().world.collections.get(int(number)) if number.isdigit() else None
    if row is None:
        raise not_found()
    return row


@bp.get("/help_center/collections/<number>")
def show_collection(number: str) -> Response:
    return answer(wire.collection(_collection(number), twin().world))


@bp.post("/help_center/collections")
def make_collection() -> Response:
    values, world = body(), twin().world
    parent = values.get("parent_id")
    if parent is not None:
        _collection(str(parent))
    row = add_collection(twin(), str(wanted(values, "name")), int(parent) if parent else None)
    _describe(row, values)
    return answer(wire.collection(row, world))


def add_collection(held: IntercomTwin, name: str, parent_id: int | None = None) -> Collection:
    world, now = held.world, held.world.stamp()
    row = Collection(world.take("row"), name, min(world.help_centers), parent_id=parent_id)
    row.order, row.created_at, row.updated_at = len(world.collections), now, now
    world.collections[row.id] = row
    return row


def _describe(row: Collection, values: Mapping[str, Any]) -> None:
    row.name = str(values.get("name") or row.name)
    row.description = str(values.get("description") or row.description)
    for locale, content in (values.get("translated_content") or {}).items():
        if locale != "type" and content:
            row.translations[locale] = {name: str(content.get(name) or "") for name in ("name", "description")}


@bp.put("/help_center/collections/<number>")
def update_collection(number: str) -> Response:
    row = _collection(number)
    _describe(row, body())
    row.updated_at = twin().world.stamp()
    return answer(wire.collection(row, twin().world))


@bp.delete("/help_center/collections/<number>")
def delete_collection(number: str) -> Response:
    """Delete a collection that holds nothing."""
    row = _collection(number)
    if any(row.id in article.parent_ids for article in twin().world.articles.values()):
        raise refuse(400, "parameter_invalid", "Collection is not empty")
    del twin().world.collections[row.id]
    return answer({"id": str(row.id), "object": "collection", "deleted": True})


@bp.get("/help_center/help_centers")
def list_help_centers() -> Response:
    chosen, _ = by_number(list(twin().world.help_centers.values()), default=20, most=_MOST)
    return answer({"type": "list", "data": [wire.help_center(row, twin().world) for row in chosen]})


@bp.get("/help_center/help_centers/<int:number>")
def show_help_center(number: int) -> Response:
    row = twin().world.help_centers.get(number)
    if row is None:
        raise not_found()
    return answer(wire.help_center(row, twin().world))
