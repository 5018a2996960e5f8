"""Photos over HTTP: for who sees the case or holds its code, once, without what the camera hid in them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.layers.incident.test_photo import bomb, exif, picture


def report(browser, **more):
    body = {"title": "占道", "channel": "app", "lon": 120.885, "lat": 30.405, "crs": "cgcs2000", **more}
    answer = browser.post("/api/v1/incidents", body)
    assert answer.status_code == 201, answer.json
    return answer.json


def send(browser, told, data, headers=None, field="photo"):
    form = {field: (io.BytesIO(data), "a.jpg")}
    path = f"/api/v1/incidents/{told['id']}/photos"
    return browser.post(path, data=form, content_type="multipart/form-data", headers=headers or {})


def test_photo_is_kept_with_its_distance_and_without_its_metadata(web):
    command = web.browser("command")
    told = report(command)
    data = picture(size=(3000, 1500), exif=exif((120, 53, 6.0), (30, 24, 18.0), orientation=1))
    answer = send(command, told, data)
    assert answer.status_code == 201, answer.json
    assert answer.json["exif"]["distance_m"] == pytest.approx(0, abs=1)
    shown = command.get(f"/api/v1/incidents/{told['id']}").json["properties"]
    assert [photo["id"] for photo in shown["photos"]] == [answer.json["id"]]
    assert shown["log"][-1]["name"] == "photo"
    full = command.get(answer.json["url"])
    image = Image.open(io.BytesIO(full.data))
    assert (full.mimetype, image.size, dict(image.getexif())) == ("image/jpeg", (2560, 1280), {})
    assert "private" in full.headers["Cache-Control"]
    thumb = command.get(answer.json["url"] + "?size=thumb")
    assert (thumb.mimetype, max(Image.open(io.BytesIO(thumb.data)).size)) == ("image/webp", 320)


def test_same_photo_again_is_the_same_photo(web):
    command = web.browser("command")
    told, data = report(command), picture()
    key = {"Idempotency-Key": "photo-1"}
    first, again = send(command, told, data, key), send(command, told, data, key)
    without_key = send(command, told, data)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"] == without_key.json["id"]
    assert len(command.get(f"/api/v1/incidents/{told['id']}").json["properties"]["photos"]) == 1
    other = send(command, told, picture(size=(50, 50)), key)
    assert (other.status_code, other.json["code"]) == (409, "receipt.conflict")


def test_public_reporter_adds_photos_with_its_code_only(web):
    public, command = web.browser(), web.browser("command")
    told = report(public, channel="public")
    data = picture(exif=exif())
    assert send(public, told, data).status_code == 401
    assert send(public, told, data, {"X-Query-Code": "WRONG-WRONG"}).status_code == 404
    answer = send(public, told, data, {"X-Query-Code": told["query_code"].lower()})
    assert answer.status_code == 201
    assert answer.json["exif"] is None  # the position is for staff
    assert public.get(answer.json["url"]).status_code == 401
    assert command.get(answer.json["url"]).status_code == 200


def test_photo_out_of_reach_is_not_found(web):
    command = web.browser("command")
    told = report(command)
    photo = send(command, told, picture()).json
    other = web.browser("worker-b2")
    assert other.get(photo["url"]).status_code == 404
    assert send(other, told, picture()).status_code == 404
    assert web.browser("leader").get(photo["url"]).status_code == 200
    assert send(web.browser("leader"), told, picture()).status_code == 404  # sees, may not add


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "photo.empty"),
        (b"%PDF-1.7", 422, "photo.not_an_image"),
        (picture(size=(800, 800))[:500], 422, "photo.damaged"),
        (bomb(), 422, "photo.too_many_pixels"),
    ],
    ids=["empty", "pdf", "truncated", "bomb"],
)
def test_file_that_is_no_photo_is_refused(web, data, status, code):
    command = web.browser("command")
    answer = send(command, report(command), data)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_photo_over_the_limit_is_too_large(web, monkeypatch):
    monkeypatch.setattr("layers.incident.photo.MAX_BYTES", 500)
    command = web.browser("command")
    answer = send(command, report(command), picture(size=(800, 800)))
    assert (answer.status_code, answer.json["code"]) == (413, "photo.too_large")


def test_form_without_the_field_is_refused(web):
    command = web.browser("command")
    answer = send(command, report(command), picture(), field="file")
    assert answer.json["detail"]["faults"][0]["field"] == "photo"


def test_incident_takes_twelve_photos(web):
    command = web.browser("command")
    told = report(command)
    for n in range(12):
        assert send(command, told, picture(size=(20 + n, 20))).status_code == 201
    answer = send(command, told, picture(size=(99, 20)))
    assert (answer.status_code, answer.json["code"]) == (409, "photo.too_many")
    assert send(command, told, picture(size=(20, 20))).status_code == 201  # one of the twelve again
