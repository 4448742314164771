"""Equations as MathML, which browsers draw without a script."""

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml


def visit_math(self, node):
    """Within a line."""
    self.body.append(tex2mathml(node.astext()))
    raise SkipNode


def visit_displaymath(self, node):
    """On lines of their own."""
    formula = tex2mathml(node.astext(), as_block=True)
    self.body.append(f'<div class="math-block">{formula}</div>\n')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    return {"parallel_read_safe": True}
