"""What a business reads: results, reports, and where to turn to."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.access import Visitor, has_several, page, signed_in
from portal.charts import weekly_columns
from portal.content import reading
from portal.members import people_of


@signed_in
@require_safe
def results(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The latest report in short, and one story."""
    with reading(client_id=visitor.client_id) as content:
        business = content.business()
        report = next(iter(content.reports(limit=1)), None)
        if report is None:
            story = next(iter(content.stories(limit=1)[0]), None)
        else:
            story = content.story_within(zone=business.zone, starts_on=report.starts_on, ends_on=report.ends_on)
    context = {"report": report, "story": story, "chart": weekly_columns(weeks=report.weeks, ends_on=report.ends_on) if report else None}
    return page(request, "results", context, business=business)


@signed_in
@require_safe
def list_reports(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Every published report, newest period first."""
    with reading(client_id=visitor.client_id) as content:
        business, reports = content.business(), content.reports()
    return page(request, "reports", {"reports": reports}, business=business)


@signed_in
@require_safe
def show_report(request: HttpRequest, visitor: Visitor, id: uuid.UUID) -> HttpResponse:
    """One report, whole, made to be printed."""
    with reading(client_id=visitor.client_id) as content:
        business, report = content.business(), content.report(id=id)
        if report is None:
            raise Http404
    return page(
        request, "report", {"report": report, "chart": weekly_columns(weeks=report.weeks, ends_on=report.ends_on)}, business=business
    )


@signed_in
@require_safe
def show_help(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Who can see these pages, how to reach us, and the way out."""
    with reading(client_id=visitor.client_id) as content:
        business = content.business()
    context = {"people": people_of(client_id=visitor.client_id), "several": has_several(visitor=visitor)}
    return page(request, "help", context, business=business, form=True)


@signed_in
def missing(request: HttpRequest, visitor: Visitor, rest: str) -> HttpResponse:
    """Whatever else is asked for below /portal/."""
    raise Http404
