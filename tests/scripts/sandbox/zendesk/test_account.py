"""The account itself: tags in use and settings."""


def test_tags_in_use_are_counted(api, control):
    """The list has the most used tag first; completion wants two letters."""
    for tags in (["hot", "vip"], ["hot"]):
        control("messages", subject="S", body="x", requester="a@x.example", tags=tags)
    assert api.get("/tags").json["tags"] == [{"name": "hot", "count": 2}, {"name": "vip", "count": 1}]
    assert api.get("/autocomplete/tags?name=vi").json["tags"] == ["vip"]
    assert api.get("/tags/count").json["count"]["value"] == 2


def test_settings_name_the_limits(api):
    """The account tells its attachment limit and that group names may repeat."""
    settings = api.get("/account/settings").json["settings"]
    assert settings["limits"]["attachment_size"] == 52428800
    assert settings["groups"]["check_group_name_uniqueness"] is False
