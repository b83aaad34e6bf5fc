"""The tools of a house, through its door."""

import httpx2
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real


async def test_what_the_house_offers_can_be_listed(house: Running) -> None:
    async with house.http() as http:
        found = (await http.get("/api/tools")).raise_for_status().json()
        stranger = await http.get("/api/tools", headers={"Authorization": "Bearer nobody"})
    assert [one["name"] for one in found["data"]] == ["calculator", "date_time", "retrieve"]
    assert found["data"][0]["effects"]["retry"] == "safe"
    assert found["unavailable"] == []
    assert stranger.status_code == httpx2.codes.UNAUTHORIZED
