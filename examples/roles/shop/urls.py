"""The pages: the health check, and one that takes an order."""

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from shop.queue import send


@require_GET
def home(_request):
    return HttpResponse("open\n", content_type="text/plain")


@require_POST
def order(_request, name):
    send(name)
    return HttpResponse(f"ordered {name}\n", status=202, content_type="text/plain")


urlpatterns = [path("", home), path("orders/<slug:name>", order)]
