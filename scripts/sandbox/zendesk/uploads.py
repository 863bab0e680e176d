"""Uploads and attachments: files wait under a token until a comment takes them."""

import json
import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import files
from scripts.sandbox.records import Upload
from scripts.sandbox.refusals import RefusedError, invalid, not_found
from scripts.sandbox.zendesk.calls import answer, nothing, twin

bp = Blueprint("uploads", __name__, url_prefix="/api/v2")

MAX_BYTES = 52_428_800
_LIFE = timedelta(days=3)  # as recorded; the documentation says an hour


@bp.post("/uploads")
def create_upload() -> Response:
    """Keep the raw body as a file; with `token` beside the files already there. JSON under text/plain, as recorded."""
    world, data = twin().world, request.get_data()
    if len(data) > MAX_BYTES:
        raise RefusedError(413, {"error": "AttachmentTooLarge", "description": "Exceeds the attachment limit"})
    name = request.args.get("filename", "")
    if not name:
        raise RefusedError(400, {"error": "InvalidValue", "description": "filename is required"})
    token = request.args.get("token")
    if token:
        upload = _find(token)
    else:
        ends = (world.now() + _LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
        upload = Upload(secrets.token_urlsafe(24), ends)
        world.uploads[upload.id] = upload
    attachment = files.keep(world, name, request.content_type or "application/binary", data)
    upload.attachments.append(attachment)
    shown = {
        "token": upload.id,
        "expires_at": upload.ends_at,
        "attachment": attachment,
        "attachments": upload.attachments,
    }
    return Response(json.dumps({"upload": shown}), 201, content_type="text/plain; charset=utf-8")


@bp.delete("/uploads/<token>")
def delete_upload(token: str) -> Response:
    del twin().world.uploads[_find(token).id]
    return nothing()


@bp.get("/attachments/<int:number>")
def show_attachment(number: int) -> Response:
    held = twin().world.files.get(str(number))
    if held is None:
        raise not_found()
    return answer({"attachment": held["object"]})


def _find(token: str) -> Upload:
    upload = twin().world.uploads.get(token)
    if upload is None or upload.ends_at < twin().world.stamp():
        raise not_found()
    return upload


def take(tokens: Any) -> tuple[dict[str, Any], ...]:
    """Return the files under these tokens (a list, or a single one), which are used up by it."""
    names = [tokens] if isinstance(tokens, str) else list(tokens or ())
    world = twin().world
    found = [world.uploads.get(str(name)) for name in names]
    if any(upload is None or upload.ends_at < world.stamp() for upload in found):
        raise invalid("base", "Uploads: token is invalid or has expired")
    for name in names:
        world.uploads.pop(str(name), None)
    return tuple(file for upload in found if upload for file in upload.attachments)
