"""The Help Center over the API, with a locale in the path or without. Staff see drafts and restricted articles too."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from scripts.sandbox.refusals import RefusedError, invalid, not_found
from scripts.sandbox.state import Article, Category, Section, World
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import answer, body, listing, me, nothing, twin, whole_number
from scripts.sandbox.zendesk.people import show_user

bp = Blueprint("help_center", __name__, url_prefix="/api/v2/help_center")

DEFAULT_LOCALE = "en-us"
_SORTS = ("position", "title", "created_at", "updated_at", "edited_at")


def show_article(row: Article) -> dict[str, Any]:
    return wire.article(row, twin().world)


def show_section(row: Section) -> dict[str, Any]:
    return wire.section(row, twin().world)


def show_category(row: Category) -> dict[str, Any]:
    return wire.category(row, twin().world)


View = TypeVar("View", bound=Callable[..., Response])


def _both(path: str) -> Callable[[View], View]:
    """Register a GET view under the path with and without a locale."""

    def decorate(view: View) -> View:
        bp.add_url_rule(path, view_func=view)
        bp.add_url_rule(f"/<locale>{path}", view_func=view)
        return view

    return decorate


def _articles(rows: Sequence[Article], locale: str | None) -> Response:
    labels = set(filter(None, request.args.get("label_names", "").split(",")))
    chosen = [
        row for row in rows if (locale is None or row.locale == locale.lower()) and labels <= set(row.label_names)
    ]
    sort = request.args.get("sort_by", "position")
    if sort not in _SORTS:
        raise RefusedError(400, {"error": "BadRequest", "description": f"sort_by {sort} is not valid"})
    chosen.sort(key=lambda row: (getattr(row, sort), row.id), reverse=request.args.get("sort_order") == "desc")
    return listing("articles", chosen, show_article, side=_side, is_help_center=True)


def _side(rows: Sequence[Article]) -> dict[str, Any]:
    world, names = twin().world, set(request.args.get("include", "").split(","))
    sections = {world.sections[row.section_id].id: world.sections[row.section_id] for row in rows}
    loaded: dict[str, Any] = {}
    if "sections" in names:
        loaded["sections"] = [show_section(row) for row in sections.values()]
    if "categories" in names:
        keys = {row.category_id for row in sections.values()}
        loaded["categories"] = [show_category(world.categories[key]) for key in sorted(keys)]
    if "users" in names:
        loaded["users"] = [show_user(world.users[key]) for key in sorted({row.author_id for row in rows})]
    return loaded


@_both("/articles")
def list_articles(locale: str | None = None) -> Response:
    return _articles(list(twin().world.articles.values()), locale)


@_both("/sections/<int:section_id>/articles")
def list_section_articles(section_id: int, locale: str | None = None) -> Response:
    if section_id not in twin().world.sections:
        raise not_found()
    return _articles([row for row in twin().world.articles.values() if row.section_id == section_id], locale)


@_both("/categories/<int:category_id>/articles")
def list_category_articles(category_id: int, locale: str | None = None) -> Response:
    world = twin().world
    if category_id not in world.categories:
        raise not_found()
    rows = [row for row in world.articles.values() if world.sections[row.section_id].category_id == category_id]
    return _articles(rows, locale)


@_both("/articles/<key>")
def show_one_article(key: str, locale: str | None = None) -> Response:
    return answer({"article": show_article(_article(key, locale))})


def _article(key: str, locale: str | None = None) -> Article:
    """Return the article named by id or by id and slug."""
    number = key.partition("-")[0]
    article = twin().world.articles.get(int(number)) if number.isdigit() else None
    if article is None or (locale is not None and article.locale != locale.lower()):
        raise not_found()
    return article


@_both("/articles/search")
def search_articles(locale: str | None = None) -> Response:
    words = set(request.args.get("query", "").lower().split())
    if not words and not {"category", "section", "label_names"} & request.args.keys():
        raise RefusedError(
            400, {"error": "BadRequest", "description": "query, category, section or label_names needed"}
        )
    scored = [(sum(word in f"{a.title} {a.body}".lower() for word in words), a) for a in twin().world.articles.values()]
    scored.sort(key=lambda pair: -pair[0])
    wanted = locale or request.args.get("locale")
    rows = [row for score, row in scored if score and (wanted is None or row.locale == wanted.lower())]
    return listing("results", rows, lambda row: {**show_article(row), "snippet": row.title}, is_help_center=True)


@bp.get("/incremental/articles")
def changed_articles() -> Response:
    """List articles changed at or after `start_time`, oldest change first."""
    start = request.args.get("start_time", type=int)
    if start is None:
        raise RefusedError(400, {"error": "BadRequest", "description": "start_time is required"})
    rows = sorted(twin().world.articles.values(), key=lambda row: (row.updated_at, row.id))
    rows = [row for row in rows if unix(row.updated_at) >= start]
    page = rows[:1000]
    while len(page) < len(rows) and rows[len(page)].updated_at == page[-1].updated_at:
        page.append(rows[len(page)])  # else a second with more than a page of changes would repeat for ever
    end = unix(page[-1].updated_at) if page else start
    following = f"{twin().world.base_url}/api/v2/help_center/incremental/articles.json?start_time={end + 1}"
    return answer(
        {
            "articles": [show_article(row) for row in page],
            "count": len(page),
            "next_page": following if len(page) < len(rows) else None,
            "end_time": end,
        }
    )


def unix(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


@_both("/sections")
def list_sections(locale: str | None = None) -> Response:
    rows = [row for row in twin().world.sections.values() if locale is None or row.locale == locale.lower()]
    return listing("sections", rows, show_section, is_help_center=True)


@_both("/categories")
def list_categories(locale: str | None = None) -> Response:
    rows = [row for row in twin().world.categories.values() if locale is None or row.locale == locale.lower()]
    return listing("categories", rows, show_category, is_help_center=True)


@_both("/sections/<int:section_id>")
def show_one_section(section_id: int, locale: str | None = None) -> Response:
    section = twin().world.sections.get(section_id)
    if section is None or locale not in (None, section.locale):
        raise not_found()
    return answer({"section": show_section(section)})


@_both("/categories/<int:category_id>")
def show_one_category(category_id: int, locale: str | None = None) -> Response:
    category = twin().world.categories.get(category_id)
    if category is None or locale not in (None, category.locale):
        raise not_found()
    return answer({"category": show_category(category)})


@bp.get("/locales")
def list_locales() -> Response:
    used = {row.locale for row in twin().world.articles.values()} | {DEFAULT_LOCALE}
    return answer({"locales": sorted(used), "default_locale": DEFAULT_LOCALE})


@bp.get("/articles/<key>/translations")
def list_translations(key: str) -> Response:
    row = _article(key)
    shown = {
        "id": row.id + 1,
        "source_id": row.id,
        "source_type": "Article",
        "locale": row.locale,
        "title": row.title,
        "body": row.body,
        "draft": row.draft,
        "outdated": False,
        "hidden": False,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    return answer({"translations": [shown], "count": 1, "next_page": None, "previous_page": None})


@bp.get("/articles/<key>/labels")
def list_labels(key: str) -> Response:
    rows = [{"id": place, "name": name} for place, name in enumerate(_article(key).label_names, 1)]
    return answer({"labels": rows, "count": len(rows), "next_page": None, "previous_page": None})


@bp.post("/sections/<int:section_id>/articles")
def create_article(section_id: int) -> Response:
    world = twin().world
    if section_id not in world.sections:
        raise not_found()
    values = body("article")
    for name in ("title", "locale"):
        if not values.get(name):
            raise invalid(name, f"{name}: cannot be blank", "BlankValue")
    article = save_article(world, values, section_id=section_id, author_id=me().id)
    shown = show_article(article)
    return answer({"article": shown}, 201, {"Location": shown["url"]})


def save_article(world: World, values: dict[str, Any], *, section_id: int, author_id: int) -> Article:
    """Create an article from the fields of the API; times may be given, for loading old ones."""
    stamp = world.stamp()
    article = Article(
        id=whole_number(values.get("id")) or world.next_id(),
        title=str(values["title"]),
        body=values.get("body"),
        section_id=section_id,
        author_id=author_id,
        locale=str(values.get("locale") or DEFAULT_LOCALE).lower(),
        user_segment_id=whole_number(values.get("user_segment_id")),
        draft=bool(values.get("draft")),
        promoted=bool(values.get("promoted")),
        position=int(values.get("position") or 0),
        label_names=[str(label) for label in values.get("label_names") or []],
        created_at=str(values.get("created_at") or stamp),
        updated_at=str(values.get("updated_at") or stamp),
        edited_at=str(values.get("updated_at") or stamp),
    )
    world.articles[article.id] = article
    return article


@bp.put("/articles/<key>")
def update_article(key: str) -> Response:
    """Change an article's settings; title and body belong to its translation."""
    article, values = _article(key), body("article")
    for name in ("promoted", "position", "label_names", "user_segment_id"):
        if name in values:
            setattr(article, name, values[name])
    article.updated_at = twin().world.stamp()
    return answer({"article": show_article(article)})


@bp.put("/articles/<key>/translations/<locale>")
def update_translation(key: str, locale: str) -> Response:
    article, values = _article(key, locale), body("translation")
    for name in ("title", "body", "draft"):
        if name in values:
            setattr(article, name, values[name])
    article.updated_at = article.edited_at = twin().world.stamp()
    return answer({"translation": {"source_id": article.id, "locale": article.locale, "title": article.title}})


@bp.delete("/articles/<key>")
def archive_article(key: str) -> Response:
    """Archive an article: it is gone from every list, and no feed says so."""
    del twin().world.articles[_article(key).id]
    return nothing()


@bp.errorhandler(HTTPException)
def _plain_error(error: HTTPException) -> Response:
    return answer({"error": error.name, "description": error.description}, error.code or 500)
