"""What a member of the agency sets for themselves."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from zartsalgo.models import User
from zartsalgo.office.access import staff_only


@staff_only
@require_POST
def shortcuts(request: HttpRequest) -> HttpResponse:
    """Single-letter shortcuts on (`shortcuts=on`) or off, on every device (WCAG 2.1.4). A script asks without wanting a page (204)."""
    on = request.POST.get("shortcuts") == "on"
    User.objects.filter(username=request.user.get_username()).update(shortcuts=on)
    if request.headers.get("X-Live"):
        return HttpResponse(status=204)
    messages.success(request, f"Keyboard shortcuts are {'on' if on else 'off'}.")
    return HttpResponseRedirect(reverse("office:inbox"))


urlpatterns = [path("me/shortcuts/", shortcuts, name="shortcuts")]
