"""The browser that the pages are looked at with: the one of the machine, never a downloaded one, without any business of its own."""

import shutil

# The first is the same browser without a window's parts: a quarter less time (measured, every page; Debian has it as a package of this name).
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-software-rasterizer",
    "--renderer-process-limit=1",
    "--disable-extensions",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find() -> tuple[str, str]:
    """The browser's path, or "" and the reason why there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path, ""
    return "", f"no Chromium found: none of {', '.join(NAMES)} is on PATH"


def arguments() -> list[str]:
    # Root has no sandbox; in a container often nobody has.
    return ["--no-sandbox", *QUIET]
