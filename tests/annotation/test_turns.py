"""On SQLite, which has one writer, a process answers its raters one after another."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from annotation.views.common import _in_turn

RATERS = 8


def test_threads_of_a_process_answer_raters_in_turn() -> None:
    inside: list[int] = []
    most: list[int] = []
    together = threading.Barrier(RATERS)

    @_in_turn
    def view(request: HttpRequest) -> HttpResponseBase:
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.005)
        inside.pop()
        return HttpResponse()

    def ask(_: int) -> HttpResponseBase:
        together.wait()
        return view(HttpRequest())

    with ThreadPoolExecutor(RATERS) as pool:
        assert [each.status_code for each in pool.map(ask, range(RATERS))] == [200] * RATERS
    assert most == [1] * RATERS


def test_a_view_that_fails_ends_its_turn() -> None:
    @_in_turn
    def fails(request: HttpRequest) -> HttpResponseBase:
        raise ValueError

    def ask() -> str:
        try:
            fails(HttpRequest())
        except ValueError:
            return "failed"
        return "went on"

    with ThreadPoolExecutor(1) as other, ThreadPoolExecutor(1) as another:
        assert other.submit(ask).result(5) == another.submit(ask).result(5) == "failed"
