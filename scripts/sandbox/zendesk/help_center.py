"""The Help Center over the API, with a locale in the path or without. Staff see drafts and restricted articles too."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from scripts.sandbox import richtext
from scripts.sandbox.records import UserSegment
from scripts.sandbox.refusals import RefusedError, invalid, not_found
from scripts.sandbox.state import Article, World, clean_tags
from scripts.sandbox.zendesk import translations, wire
from scripts.sandbox.zendesk.calls import answer, body, listing, me, nothing, twin, unix, whole_number
from scripts.sandbox.zendesk.people import show_user
from scripts.sandbox.zendesk.shelves import show_category, show_section, with_locale

bp = Blueprint("help_center", __name__, url_prefix="/api/v2/help_center")

DEFAULT_LOCALE = "en-us"
_SORTS = ("position", "title", "created_at", "updated_at", "edited_at")


def show_article(row: Article) -> dict[str, Any]:
    return wire.article(row, twin().world)


def _articles(rows: Sequence[Article], locale: str | None) -> Response:
    labels = set(filter(None, request.args.get("label_names", "").split(",")))
    rows = rows if locale is None else [shown for row in rows if (shown := translations.in_locale(row, locale))]
    chosen = [row for row in rows if labels <= set(row.label_names)]
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


@with_locale(bp, "/articles")
def list_articles(locale: str | None = None) -> Response:
    return _articles(list(twin().world.articles.values()), locale)


@with_locale(bp, "/sections/<int:section_id>/articles")
def list_section_articles(section_id: int, locale: str | None = None) -> Response:
    if section_id not in twin().world.sections:
        raise not_found()
    return _articles([row for row in twin().world.articles.values() if row.section_id == section_id], locale)


@with_locale(bp, "/categories/<int:category_id>/articles")
def list_category_articles(category_id: int, locale: str | None = None) -> Response:
    world = twin().world
    if category_id not in world.categories:
        raise not_found()
    rows = [row for row in world.articles.values() if world.sections[row.section_id].category_id == category_id]
    return _articles(rows, locale)


@with_locale(bp, "/articles/<key>")
def show_one_article(key: str, locale: str | None = None) -> Response:
    return answer({"article": show_article(_article(key, locale))})


def _article(key: str, locale: str | None = None) -> Article:
    """Return the article named by id or by id and slug."""
    number = key.partition("-")[0]
    article = twin().world.articles.get(int(number)) if number.isdigit() else None
    shown = translations.in_locale(article, locale) if article and locale else article
    if shown is None:
        raise not_found()
    return shown


@with_locale(bp, "/articles/search")
def search_articles(locale: str | None = None) -> Response:
    words = set(request.args.get("query", "").lower().split())
    if not words and not {"category", "section", "label_names"} & request.args.keys():
        raise RefusedError(
            400, {"error": "BadRequest", "description": "query, category, section or label_names needed"}
        )
    wanted = locale or request.args.get("locale")
    known = list(twin().world.articles.values())
    rows = [shown for row in known if (shown := translations.in_locale(row, wanted))] if wanted else known
    rows = [row for row in rows if _is_within(row)]
    scored = [(_score(row, words), row) for row in rows]
    scored.sort(key=lambda pair: -pair[0])
    found = [row for score, row in scored if score or not words]
    return listing("results", found, lambda row: _result(row, words), is_help_center=True)


def _is_within(row: Article) -> bool:
    """Say whether an article is in the section, the category and under the labels that were asked for."""
    section, category = request.args.get("section", type=int), request.args.get("category", type=int)
    labels = set(filter(None, request.args.get("label_names", "").split(",")))
    return (
        section in (None, row.section_id)
        and category in (None, twin().world.sections[row.section_id].category_id)
        and labels <= set(row.label_names)
    )


def _score(row: Article, words: set[str]) -> int:
    """Count the words found; one in the title counts more."""
    title, body_text = row.title.lower(), (row.body or "").lower()
    return sum(3 * (word in title) + (word in body_text) for word in words)


def _result(row: Article, words: set[str]) -> dict[str, Any]:
    text = richtext.to_text(row.body or "")
    place = min((at for word in words if (at := text.lower().find(word)) >= 0), default=0)
    return {**show_article(row), "snippet": text[max(0, place - 60) : place + 140], "result_type": "article"}


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


@bp.get("/locales")
def list_locales() -> Response:
    used = translations.in_use() | {DEFAULT_LOCALE}
    return answer({"locales": sorted(used), "default_locale": DEFAULT_LOCALE})


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
        user_segment_id=_segment(values),
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


def _segment(values: dict[str, Any]) -> int | None:
    segment_id = whole_number(values.get("user_segment_id"))
    if segment_id is not None and segment_id not in twin().world.user_segments:
        raise invalid("user_segment", "User segment is invalid")
    return segment_id


@bp.put("/articles/<key>")
def update_article(key: str) -> Response:
    """Change an article's settings; title and body belong to its translation."""
    article, values = _article(key), body("article")
    for name in ("promoted", "position", "label_names"):
        if name in values:
            setattr(article, name, values[name])
    if "user_segment_id" in values:
        article.user_segment_id = _segment(values)
    if (section_id := whole_number(values.get("section_id"))) is not None:
        if section_id not in twin().world.sections:
            raise invalid("section", "Section is invalid")
        article.section_id = section_id
    article.updated_at = twin().world.stamp()
    return answer({"article": show_article(article)})


@bp.delete("/articles/<key>")
def archive_article(key: str) -> Response:
    """Archive an article: it is gone from every list, and no feed says so."""
    world, article = twin().world, _article(key)
    del world.articles[article.id]
    for row in [row for row in world.translations.values() if row.article_id == article.id]:
        del world.translations[row.id]
    return nothing()


@bp.get("/user_segments")
def list_segments() -> Response:
    kinds = ("signed_in_users",) if request.args.get("built_in") == "true" else ("signed_in_users", "staff")
    rows = [row for row in twin().world.user_segments.values() if row.user_type in kinds]
    return listing("user_segments", rows, show_segment, is_help_center=True)


@bp.get("/user_segments/<int:segment_id>")
def show_one_segment(segment_id: int) -> Response:
    row = twin().world.user_segments.get(segment_id)
    if row is None:
        raise not_found()
    return answer({"user_segment": show_segment(row)})


@bp.post("/user_segments")
def create_segment() -> Response:
    """Create a segment: signed-in users or staff, narrowed by tags, organizations and groups."""
    values, world, stamp = body("user_segment"), twin().world, twin().world.stamp()
    kind = values.get("user_type")
    if kind not in ("signed_in_users", "staff") or not values.get("name"):
        raise invalid("user_type", "User type: is not signed_in_users or staff, or the name is blank")
    row = UserSegment(world.next_id(), str(values["name"]), kind, created_at=stamp, updated_at=stamp)
    row.tags = clean_tags(values.get("tags"))
    row.organization_ids = [int(key) for key in values.get("organization_ids") or ()]
    row.group_ids = [int(key) for key in values.get("group_ids") or ()]
    world.user_segments[row.id] = row
    return answer({"user_segment": show_segment(row)}, 201)


def show_segment(row: UserSegment) -> dict[str, Any]:
    return {
        "id": row.id,
        "user_type": row.user_type,
        "name": row.name,
        "group_ids": row.group_ids,
        "organization_ids": row.organization_ids,
        "tags": row.tags,
        "or_tags": [],
        "added_user_ids": [],
        "built_in": row.built_in,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@bp.errorhandler(HTTPException)
def _plain_error(error: HTTPException) -> Response:
    return answer({"error": error.name, "description": error.description}, error.code or 500)
