"""The Help Center's categories and sections, with a locale in the path or without."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response

from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.state import Category, Section
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import answer, body, listing, nothing, twin, whole_number

bp = Blueprint("shelves", __name__, url_prefix="/api/v2/help_center")

View = TypeVar("View", bound=Callable[..., Response])


def with_locale(part: Blueprint, path: str, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """Register a view under the path with and without a locale."""

    def decorate(view: View) -> View:
        part.add_url_rule(path, view_func=view, methods=list(methods))
        part.add_url_rule(f"/<locale>{path}", view_func=view, methods=list(methods))
        return view

    return decorate


def show_section(row: Section) -> dict[str, Any]:
    return wire.section(row, twin().world)


def show_category(row: Category) -> dict[str, Any]:
    return wire.category(row, twin().world)


def _category(category_id: int, locale: str | None = None) -> Category:
    row = twin().world.categories.get(category_id)
    if row is None or (locale is not None and row.locale != locale.lower()):
        raise not_found()
    return row


def _section(section_id: int, locale: str | None = None) -> Section:
    row = twin().world.sections.get(section_id)
    if row is None or (locale is not None and row.locale != locale.lower()):
        raise not_found()
    return row


def _fill(row: Category | Section, values: dict[str, Any]) -> None:
    """Set what a body gives of a shelf; its name cannot be empty."""
    name = str(values.get("name", row.name) or "").strip()
    if not name:
        raise invalid("name", "Name: cannot be blank", "BlankValue")
    row.name = name
    row.description = str(values.get("description", row.description) or "")
    row.position = int(values.get("position", row.position) or 0)
    row.locale = str(values.get("locale") or row.locale).lower()
    row.updated_at = twin().world.stamp()


# -- categories


@with_locale(bp, "/categories")
def list_categories(locale: str | None = None) -> Response:
    rows = [row for row in twin().world.categories.values() if locale is None or row.locale == locale.lower()]
    return listing("categories", rows, show_category, is_help_center=True)


@with_locale(bp, "/categories/<int:category_id>")
def show_one_category(category_id: int, locale: str | None = None) -> Response:
    return answer({"category": show_category(_category(category_id, locale))})


@with_locale(bp, "/categories", ("POST",))
def create_category(locale: str | None = None) -> Response:
    world, values = twin().world, body("category")
    row = Category(world.next_id(), "", created_at=world.stamp())
    _fill(row, {**values, "locale": values.get("locale") or locale})
    world.categories[row.id] = row
    shown = show_category(row)
    return answer({"category": shown}, 201, {"Location": shown["url"]})


@with_locale(bp, "/categories/<int:category_id>", ("PUT",))
def update_category(category_id: int, locale: str | None = None) -> Response:
    row = _category(category_id, locale)
    _fill(row, body("category"))
    return answer({"category": show_category(row)})


@with_locale(bp, "/categories/<int:category_id>", ("DELETE",))
def delete_category(category_id: int, locale: str | None = None) -> Response:
    """Delete a category with its sections and their articles."""
    row, world = _category(category_id, locale), twin().world
    for section in [section for section in world.sections.values() if section.category_id == row.id]:
        _drop_section(section)
    del world.categories[row.id]
    return nothing()


# -- sections


@with_locale(bp, "/sections")
def list_sections(locale: str | None = None) -> Response:
    rows = [row for row in twin().world.sections.values() if locale is None or row.locale == locale.lower()]
    return listing("sections", rows, show_section, is_help_center=True)


@with_locale(bp, "/categories/<int:category_id>/sections")
def list_category_sections(category_id: int, locale: str | None = None) -> Response:
    row = _category(category_id, locale)
    rows = [section for section in twin().world.sections.values() if section.category_id == row.id]
    return listing("sections", rows, show_section, is_help_center=True)


@with_locale(bp, "/sections/<int:section_id>")
def show_one_section(section_id: int, locale: str | None = None) -> Response:
    return answer({"section": show_section(_section(section_id, locale))})


@with_locale(bp, "/categories/<int:category_id>/sections", ("POST",))
def create_section(category_id: int, locale: str | None = None) -> Response:
    world, values = twin().world, body("section")
    row = Section(world.next_id(), "", _category(category_id).id, created_at=world.stamp())
    _fill(row, {**values, "locale": values.get("locale") or locale})
    row.parent_section_id = whole_number(values.get("parent_section_id"))
    world.sections[row.id] = row
    shown = show_section(row)
    return answer({"section": shown}, 201, {"Location": shown["url"]})


@with_locale(bp, "/sections/<int:section_id>", ("PUT",))
def update_section(section_id: int, locale: str | None = None) -> Response:
    row, values = _section(section_id, locale), body("section")
    if "category_id" in values:
        row.category_id = _category(whole_number(values["category_id"]) or 0).id
    _fill(row, values)
    return answer({"section": show_section(row)})


@with_locale(bp, "/sections/<int:section_id>", ("DELETE",))
def delete_section(section_id: int, locale: str | None = None) -> Response:
    """Delete a section with its articles."""
    _drop_section(_section(section_id, locale))
    return nothing()


def _drop_section(section: Section) -> None:
    world = twin().world
    for key in [article.id for article in world.articles.values() if article.section_id == section.id]:
        del world.articles[key]
    del world.sections[section.id]
