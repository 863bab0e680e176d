"""Markdown of the sample articles -> the HTML a help centre keeps. Knows headings, lists, tables and paragraphs."""

import html
import re

_BULLET = re.compile(r"[-*•]\s+")
_STEP = re.compile(r"\d+[.)]\s+")
_HEADING = re.compile(r"(#{1,6})\s+(.+)")
_RULE = re.compile(r"\|[\s:|-]+\|")


def to_html(markdown: str) -> str:
    """Return HTML; mark-up found in the text is escaped and stays visible as text."""
    blocks: list[str] = []
    for part in re.split(r"\n\s*\n", markdown.replace("\r\n", "\n").strip()):
        lines = [line.strip() for line in part.splitlines() if line.strip()]
        while lines and (heading := _HEADING.fullmatch(lines[0])):
            level = max(2, len(heading[1]))
            blocks.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
            lines = lines[1:]
        if lines:
            blocks.append(_block(lines))
    return "\n".join(blocks)


def _block(lines: list[str]) -> str:
    if len(lines) > 1 and _RULE.fullmatch(lines[1]):
        return _table(lines[0], lines[2:])
    for tag, mark in (("ul", _BULLET), ("ol", _STEP)):
        if all(mark.match(line) for line in lines):
            items = (f"<li>{_inline(mark.sub('', line, count=1))}</li>" for line in lines)
            return f"<{tag}>{''.join(items)}</{tag}>"
    return f"<p>{'<br>'.join(_inline(line) for line in lines)}</p>"


def _table(head: str, rows: list[str]) -> str:
    body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{_cells(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: str, tag: str) -> str:
    return "".join(f"<{tag}>{_inline(cell.strip())}</{tag}>" for cell in row.strip("|").split("|"))


def _inline(text: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
