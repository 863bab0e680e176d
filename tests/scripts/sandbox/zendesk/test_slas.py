"""SLA policies over the API."""

import pytest

METRIC = {"priority": "urgent", "metric": "first_reply_time", "target": 60}
FILTER = {"all": [{"field": "type", "operator": "is", "value": "incident"}]}


def made(api, **values):
    return api.post("/slas/policies", {"sla_policy": {"title": "Gold", "filter": FILTER, **values}})


def test_a_policy_is_made_changed_and_deleted(api):
    """With its filter and targets; what is not given stays."""
    first = made(api, policy_metrics=[METRIC])
    policy = first.json["sla_policy"]
    assert (first.status_code, policy["policy_metrics"]) == (201, [{**METRIC, "business_hours": False}])
    changed = api.put(f"/slas/policies/{policy['id']}", {"sla_policy": {"title": "Silver"}}).json["sla_policy"]
    assert (changed["title"], changed["filter"]) == ("Silver", {**FILTER, "any": []})
    assert api.delete(f"/slas/policies/{policy['id']}").status_code == 204
    assert api.get(f"/slas/policies/{policy['id']}").status_code == 404


def test_the_order_decides(api):
    """A new one comes last, and all can be put in another order."""
    first, second = (made(api, title=title).json["sla_policy"]["id"] for title in ("A", "B"))

    def order():
        return [row["id"] for row in api.get("/slas/policies").json["sla_policies"]]

    assert order() == [first, second]
    api.put(f"/slas/policies/reorder?sla_policy_ids={second},{first}", {})
    assert order() == [second, first]


@pytest.mark.parametrize(
    "values",
    [
        {"title": ""},
        {"filter": None},
        {"filter": {"all": [{"field": "weather", "operator": "is", "value": "1"}]}},
        {"policy_metrics": [{**METRIC, "metric": "mood"}]},
        {"policy_metrics": [{**METRIC, "target": 0}]},
        {"policy_metrics": [{**METRIC, "priority": "none"}]},
    ],
)
def test_what_cannot_be_is_refused(api, values):
    """A filter of known fields, known metrics, a priority, and time enough."""
    assert made(api, **values).status_code == 422
    assert api.get("/slas/policies").json["sla_policies"] == []
