"""The map of the catalog: for every workflow and step each way it can end, read from the handlers and compared with catalog_map.txt.

The map is made from the handlers' own return statements, so it cannot leave one out; a change of what follows, of a condition or of what is
touched shows as a diff in a table people can read. After a change that is meant:

    CATALOG_MAP=write script/test tests/workflows/test_catalog_map.py
"""

import ast
import inspect
import os
import textwrap
from pathlib import Path

from workflows import registry

FILE = Path(__file__).parent / "catalog_map.txt"
# What a handler does to the world, by the call that does it.
TOUCHES = {
    "open_lead": "lead", "create_task": "task", "tell_responder": "hand-over", "next_on_duty": "reads the rota", "plan_text": "text", "keep_link": "review link", "ask": "summary", "note_agreement": "consent",
    "change_stage": "stage", "note_first_response": "first response", "responder_on_duty": "reads the rota", "update": "row",
}  # fmt: skip
WORDS = {"Done": "done", "Wait": "waits", "Finish": "ends the run"}


def words_of(node):
    """A sentence as written, what is put in shown as its expression."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else f"<{ast.unparse(part.value)}>" for part in node.values)
    return f"<{ast.unparse(node)}>"


def target(node, params):
    if isinstance(node, ast.Constant):
        return node.value
    return str(params["otherwise"]) if ast.unparse(node) == "otherwise" else f"<{ast.unparse(node)}>"


def condition_of(tree, node):
    """The tests of the `if`s the return stands in, outermost first; where none, what is left after the returns before it."""
    found = []

    def look(parent, tests):
        for name, value in ast.iter_fields(parent):
            own = tests
            if isinstance(parent, ast.If) and name in ("body", "orelse"):
                own = [*tests, ast.unparse(parent.test) if name == "body" else f"not ({ast.unparse(parent.test)})"]
            if isinstance(parent, ast.ExceptHandler) and name == "body":
                own = [*tests, f"raises {ast.unparse(parent.type)}"]
            for child in value if isinstance(value, list) else [value]:
                if child is node:
                    found.extend(own)
                elif isinstance(child, ast.AST):
                    look(child, own)

    look(tree, [])
    return " and ".join(found) or "otherwise"


def touched(tree):
    names = {
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
    }
    return ", ".join(sorted({TOUCHES[name] for name in names & set(TOUCHES)})) or "nothing"


def outcomes(spec, following):
    """(how it ends, when, what follows, what it says) for each return of the handler."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(spec.handler)))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Call):
            continue
        call = node.value
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        kind = ast.unparse(call.func)
        ends = WORDS[kind] + (" (skipped)" if "skipped" in named else "")
        then = {"Done": following, "Wait": spec.key, "Finish": "-"}[kind]
        if "goto" in named:
            then = target(named["goto"], spec.params)
        yield node.lineno, ends, condition_of(tree, node), then, words_of(named["says"])


def written():
    lines = []
    for key in sorted(registry.workflows()):
        workflow = registry.workflows()[key]
        lines.append(f"{workflow.name} ({key}) listens to {', '.join(workflow.triggers)}; joins within {workflow.joins_within}")
        keys = [spec.key for spec in workflow.steps]
        for spec, following in zip(workflow.steps, [*keys[1:], "-"], strict=True):
            tree = ast.parse(textwrap.dedent(inspect.getsource(spec.handler)))
            params = ", ".join(f"{name}={value}" for name, value in spec.params.items())
            lines.append(f"\n  {spec.key} [{spec.kind}] {spec.handler_name}({params}) touches {touched(tree)}")
            for _, ends, when, then, says in sorted(outcomes(spec, following)):
                lines += [f"    {ends:<15} -> {then:<10} when {when}", f"      “{says}”"]
        lines.append("")
    return "\n".join(lines)


def test_the_map_is_what_was_agreed():
    if os.environ.get("CATALOG_MAP") == "write":
        FILE.write_text(written(), encoding="utf-8")
    assert written() == FILE.read_text(encoding="utf-8")


def test_every_way_leads_to_a_step_and_every_step_is_reached_and_the_run_ends():
    for workflow in registry.workflows().values():
        keys = [spec.key for spec in workflow.steps]
        reached, ends = {keys[0]}, False
        for spec, following in zip(workflow.steps, [*keys[1:], "-"], strict=True):
            ways = list(outcomes(spec, following))
            assert ways, f"{spec.key} of {workflow.key} returns in a way the map cannot read"
            for _, _, _, then, _ in ways:
                assert then in {*keys, "-"}, (workflow.key, spec.key, then)
                # Only forward: a run that cannot go back cannot go round.
                assert then == "-" or keys.index(then) >= keys.index(spec.key)
                reached.add(then)
                ends = ends or then == "-"
        assert ends and reached >= set(keys), (workflow.key, set(keys) - reached)
