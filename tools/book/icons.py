"""The theme's icons without the 1,900 that no page shows.

The theme loads Font Awesome whole, 1.6 MB of script (icons CC BY 4.0, code
MIT); from it the dozen that are used are taken.
"""

import json
import re

USED = re.compile(r'class="[^"]*\bfa-solid fa-([a-z-]+)')
DRAW = """\
/* Icons: Font Awesome Free, CC BY 4.0, https://fontawesome.com/license/free */
"use strict";
const icons = ICONS;
for (const old of document.querySelectorAll("i.fa-solid")) {
  const name = [...old.classList].find((c) => icons[c.slice(3)]);
  if (!name) continue;
  const [width, height, path] = icons[name.slice(3)];
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("class", `${old.className} svg-inline--fa`);
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  line.setAttribute("fill", "currentColor");
  svg.append(line);
  old.replaceWith(svg);
}
"""


def keep_used_icons(site):
    """Rewrite the script of icons in a finished site.

    Raises ValueError if the theme's script has not what its pages use.
    """
    (script,) = site.glob("_static/scripts/fontawesome.js")
    source = script.read_text(encoding="utf-8")
    used = set()
    for path in site.glob("*.html"):
        used |= set(USED.findall(path.read_text(encoding="utf-8")))
    icons = {}
    for name in sorted(used):
        found = re.search(
            rf'"?(?<![\w-]){name}"?:\[(\d+),(\d+),\[[^\]]*\],"\w+","([^"]+)"\]',
            source,
        )
        if not found:
            raise ValueError(f"fontawesome.js of the theme has no {name!r}")
        icons[name] = [int(found[1]), int(found[2]), found[3]]
    text = DRAW.replace("ICONS", json.dumps(icons))
    script.write_text(text, encoding="utf-8")
